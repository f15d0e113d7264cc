// A grid of charts, one for each metric, with what is common to them above it.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import type { RunRow } from "../../../contract";
import { betterOf, type Column } from "../../../lib/columns";
import { toNumber } from "../../../lib/format";
import { inOrder, signs } from "../../../lib/palette";
import { ErrorNote } from "../../../parts/Notes";
import { usePanel } from "../../../state/panel";
import { type CurveOptions, useSetView, useView, type ViewStore } from "../../../state/view";
import { Card } from "./Card";
import type { Range } from "./calc/range";
import type { CardInput, ShownRun } from "./cardScene";
import { groupColumns, groupsOf } from "./choose";
import type { Wanted } from "./data/feed";
import { readTheme, type Theme, watchTheme } from "./draw/theme";
import { Options } from "./Options";
import { createShared, type Shared } from "./shared";
import { Tooltip } from "./Tooltip";
import { useFeeds } from "./useFeeds";

interface Props {
  runs: readonly RunRow[];
  /** All runs whose signs must differ, those that are hidden too: an eye that closes changes no other run's dash. */
  signed: readonly RunRow[];
  /** How many runs the filter finds; null: the runs were given. */
  matched: number | null;
  columns: readonly Column[];
  metrics: readonly string[];
  onMetrics: (metrics: string[] | null) => void;
  /** Be zoomed as before when it is shown again, as after a run was opened. */
  keepZoom?: boolean;
}

export function CurveView({ runs, signed, matched, columns, metrics, onMetrics, keepZoom }: Props) {
  const { view } = usePanel();
  const options = useView((one) => one.curves);
  const better = useView((one) => one.better);
  const set = useSetView();
  const box = useRef<HTMLDivElement>(null);
  const shared = useShared(keepZoom ?? false, options);
  const theme = useTheme(box);
  const [full, setFull] = useState<string | null>(null);
  const { visible, onVisible } = useVisible();
  const width = usePixels(box, full);

  const change = useCallback(
    (next: Partial<CurveOptions>) => {
      // Another axis has other places: the part that was zoomed into is none of it.
      if ("x" in next || "xKey" in next) shared.store.setState({ zoom: null, pointed: null });
      set({ curves: { ...view.getState().curves, ...next } });
    },
    [set, view, shared],
  );

  const input = useInput(runs, signed, options, columnsOf(width, runs.length));
  const zoom = useStore(shared.store, (one) => one.zoom);
  const keys = full ? [full] : metrics.filter((key) => visible.has(key));
  const wanted: Wanted = {
    runs: input.input.groups ? [] : runs.map(({ id, status }) => ({ id, running: status === "running" })),
    keys,
    x: options.x,
    xKey: options.xKey,
    // A log axis spreads its beginning over many pixels: its columns have to be finer to show it.
    width: columnsOf(width, runs.length) * (options.logX ? 4 : 1),
    window: zoom,
  };
  const { feed, bands, error, again } = useFeeds(wanted);
  const sources = useMemo(() => ({ feed, bands, shared, view }), [feed, bands, shared, view]);

  const move = (key: string, to: number) => {
    const rest = metrics.filter((one) => one !== key);
    onMetrics([...rest.slice(0, to), key, ...rest.slice(to)]);
  };
  const byName = useMemo(() => new Map(columns.map((column) => [column.label, column])), [columns]);
  return (
    <div className="nbt-curves" ref={box}>
      <Options
        options={options}
        onChange={change}
        columns={columns}
        metrics={metrics}
        onMetrics={onMetrics}
        groups={input.columns}
        by={input.by}
        runs={runs.length}
        matched={matched}
      />
      {error && <p className="nbt-error-inline">{`${error.message} ${error.hint}`} It is asked again by itself.</p>}
      <div className="nbt-curve-cards">
        {theme &&
          metrics.map((key, at) => (
            <Card
              key={key}
              metric={key}
              at={at}
              count={metrics.length}
              runs={runs}
              better={betterOf(byName.get(key) ?? plainColumn(key), better)}
              input={input.input}
              sources={sources}
              theme={theme}
              options={options}
              onOptions={change}
              full={full === key}
              onFull={(on) => setFull(on ? key : null)}
              onVisible={onVisible}
              onMove={(to) => move(key, to)}
              onDropped={(other) => move(other, at)}
              onHide={() => onMetrics(metrics.filter((one) => one !== key))}
            />
          ))}
        {!metrics.length && (
          <p className="nbt-dim nbt-curve-cards-none">No chart is chosen: pick some under Metrics.</p>
        )}
      </div>
      <Tooltip shared={shared} options={options} />
      {error && !feed && <ErrorNote error={error} again={again} />}
    </div>
  );
}

/** Room for the charts, before it is known which they are. */
CurveView.Loading = function Loading() {
  return (
    <div className="nbt-curves" role="status" aria-label="Loading curves">
      <div className="nbt-curve-options" />
      <div className="nbt-curve-cards">
        {[0, 1, 2].map((one) => (
          <div key={one} className="nbt-curve-card">
            <div className="nbt-curve-card-head" />
            <div className="nbt-curve-plot">
              <div className="nbt-curve-plot-waiting" />
            </div>
          </div>
        ))}
      </div>
    </div>
  );
};

const plainColumn = (label: string): Column => ({
  id: `metrics.${label}`,
  kind: "metrics",
  label,
  numeric: true,
  runs: 0,
  better: null,
});

const zooms = new WeakMap<ViewStore, { zoom: Range | null; axis: string }>();

function useShared(keepZoom: boolean, { x, xKey }: CurveOptions): Shared {
  const { view } = usePanel();
  const shared = useMemo(createShared, []);
  const axis = `${x} ${xKey}`;
  // Before the first question is put, so that it is about the part that is seen.
  useMemo(() => {
    const before = zooms.get(view);
    if (keepZoom && before?.axis === axis) shared.store.setState({ zoom: before.zoom });
  }, [shared, view, keepZoom, axis]);
  useEffect(() => {
    if (!keepZoom) return;
    const keep = ({ zoom }: { zoom: Range | null }) => zooms.set(view, { zoom, axis });
    keep(shared.store.getState());
    return shared.store.subscribe(keep);
  }, [shared, view, keepZoom, axis]);
  return shared;
}

/** The runs with their signs, and the groups they are in where means are shown. */
function useInput(runs: readonly RunRow[], signed: readonly RunRow[], options: CurveOptions, width: number) {
  const tableBy = useView((one) => one.groupBy);
  const columns = useMemo(() => groupColumns(runs), [runs]);
  const by = options.by ?? tableBy ?? columns[0] ?? "experiment";
  return useMemo(() => {
    const looks = signs(signed.map((run) => run.id));
    const shown = runs.map((run): ShownRun => {
      const sign = looks.get(run.id) ?? signs([run.id]).get(run.id);
      if (!sign) throw new Error("A run without a sign");
      return { id: run.id, name: run.name, started: toNumber(run.started), running: run.status === "running", sign };
    });
    const groups = options.bands && options.x !== "metric" ? groupsOf(runs, by) : null;
    const input: CardInput = {
      runs: shown,
      options,
      width,
      groups: groups && { ...groups, signs: inOrder(groups.names) },
    };
    return { input, columns, by };
  }, [runs, signed, options, width, columns, by]);
}

function useTheme(box: React.RefObject<HTMLElement | null>): Theme | null {
  const [theme, setTheme] = useState<Theme | null>(null);
  useEffect(() => {
    if (!box.current) return;
    setTheme(readTheme(box.current));
    return watchTheme(box.current, setTheme);
  }, [box]);
  return theme;
}

/** The metrics whose cards are on the screen, or nearly. */
function useVisible() {
  const [visible, setVisible] = useState<ReadonlySet<string>>(new Set());
  const onVisible = useCallback((key: string, seen: boolean) => {
    setVisible((before) => {
      if (before.has(key) === seen) return before;
      const next = new Set(before);
      if (seen) next.add(key);
      else next.delete(key);
      return next;
    });
  }, []);
  return { visible, onVisible };
}

const COLUMNS = 40_000; // of all lines of a chart: 160,000 points at most
const FEWEST = 200;

/** Pixel columns to ask for: of many runs on a wide chart not each pixel needs its own. No spike is lost by it. */
export function columnsOf(width: number, runs: number): number {
  return Math.max(FEWEST, Math.min(width, Math.floor(COLUMNS / Math.max(1, runs))));
}

const STEP = 160; // pixels: a chart that grows by less needs no other points

/** Device pixels across a chart, in steps. */
function usePixels(box: React.RefObject<HTMLElement | null>, full: string | null): number {
  const [width, setWidth] = useState(400);
  useEffect(() => {
    const own = box.current;
    if (!own) return;
    const look = () => {
      const plot = own.querySelector(full ? ".nbt-curve-card-full .nbt-curve-plot" : ".nbt-curve-plot");
      const pixels = (plot?.clientWidth || 360) * (globalThis.devicePixelRatio || 1);
      setWidth(Math.min(4000, Math.ceil(pixels / STEP) * STEP));
    };
    const observer = new ResizeObserver(look);
    observer.observe(own);
    const timer = setTimeout(look, 50);
    return () => {
      observer.disconnect();
      clearTimeout(timer);
    };
  }, [box, full]);
  return width;
}
