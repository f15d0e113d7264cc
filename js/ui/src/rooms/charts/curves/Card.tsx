// One metric: its name, what is best or latest of it, its chart, its menu.
import { useEffect, useRef, useState } from "react";
import type { RunRow } from "../../../contract";
import { number, plural, toNumber } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import type { CurveOptions } from "../../../state/view";
import { CardMenu } from "./CardMenu";
import { CardChart, type CardState, NOTHING, type Sources } from "./cardChart";
import type { CardInput } from "./cardScene";
import type { Theme } from "./draw/theme";

export interface CardProps {
  metric: string;
  at: number;
  count: number;
  runs: readonly RunRow[];
  better: "min" | "max" | null;
  input: CardInput;
  sources: Sources;
  theme: Theme;
  options: CurveOptions;
  onOptions: (change: Partial<CurveOptions>) => void;
  full: boolean;
  onFull: (on: boolean) => void;
  onVisible: (metric: string, seen: boolean) => void;
  onMove: (to: number) => void;
  /** Another card was dropped on this one. */
  onDropped: (metric: string) => void;
  onHide: () => void;
}

const DRAGGED = "application/x-nbtrack-metric";

export function Card(props: CardProps) {
  const { metric, runs, better, full, onFull, onVisible, onDropped } = props;
  const card = useRef<HTMLElement>(null);
  const [over, setOver] = useState(false);
  useSeen(card, (seen) => onVisible(metric, seen));
  useTopLayer(card, full);
  const { chart, host, state } = useChart(props);
  useEscape(full, chart, onFull);
  const hint = hintOf(metric, runs, better);
  const label = describe(metric, state, props.input.groups !== null);
  return (
    <figure
      ref={card}
      className={`nbt-curve-card${full ? " nbt-curve-card-full" : ""}${over ? " nbt-curve-card-over" : ""}`}
      aria-label={label}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes(DRAGGED)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        const other = event.dataTransfer?.getData(DRAGGED);
        if (other && other !== metric) onDropped(other);
      }}
    >
      <figcaption className="nbt-curve-card-head">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: to be dragged; the menu moves it by the keyboard */}
        <span
          className="nbt-curve-card-title"
          title={`${metric}: drag it to another place`}
          draggable={!full}
          onDragStart={(event) => {
            event.dataTransfer?.setData(DRAGGED, metric);
            if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
          }}
        >
          <Name metric={metric} />
        </span>
        <Hint hint={hint} leftOut={state.leftOut} />
        {state.zoomed && <Button label="Reset zoom" icon="undo" iconOnly onClick={() => chart?.reset()} />}
        <Button
          label={full ? "Leave full screen" : "Full screen"}
          icon={full ? "shrink" : "expand"}
          iconOnly
          onClick={() => onFull(!full)}
        />
        <CardMenu {...props} chart={chart} />
      </figcaption>
      <div className="nbt-curve-plot">
        <div
          ref={host}
          className="nbt-curve-plot-host"
          role="slider"
          tabIndex={0}
          aria-label={`Crosshair of ${metric}: arrow keys move it, Escape resets the zoom`}
          aria-valuenow={0}
          onKeyDown={(event) => key(event, chart)}
          onBlur={() => chart?.leave()}
        />
        <PlotNotes state={state} over={props.options.x === "metric" ? props.options.xKey : null} />
      </div>
    </figure>
  );
}

/** What is best of it; what a log axis leaves out is said instead. */
function Hint({ hint, leftOut }: { hint: { text: string; title: string } | null; leftOut: number }) {
  if (leftOut > 0) {
    return (
      <span
        className="nbt-curve-card-hint nbt-curve-card-note"
        title={`${plural(leftOut, "value ≤ 0 is", "values ≤ 0 are")} not on this axis`}
      >
        {plural(leftOut, "value", "values")} ≤ 0 left out
      </span>
    );
  }
  if (!hint) return null;
  return (
    <span className="nbt-curve-card-hint" title={hint.title}>
      {hint.text}
    </span>
  );
}

function PlotNotes({ state, over }: { state: CardState; over: string | null }) {
  const none = over === null ? "None of the shown runs has it." : `No run has it at a step where it has ${over}.`;
  return (
    <>
      {!state.lines && state.waiting > 0 && (
        <div className="nbt-curve-plot-waiting" role="status" aria-label="Loading" />
      )}
      {state.lines > 0 && Number.isNaN(state.low) && (
        <p className="nbt-curve-plot-none">{state.zoomed ? "Nothing in this part" : "No finite value"}</p>
      )}
      {!state.lines && !state.waiting && <p className="nbt-curve-plot-none">{none}</p>}
    </>
  );
}

/** The folder of a name is quiet, its last part is what it is called. */
function Name({ metric }: { metric: string }) {
  const slash = metric.lastIndexOf("/") + 1;
  return (
    <span className="nbt-curve-card-name">
      {slash > 0 && <span className="nbt-dim">{metric.slice(0, slash)}</span>}
      {metric.slice(slash)}
    </span>
  );
}

function key(event: React.KeyboardEvent, chart: CardChart | null): void {
  const steps: Record<string, 1 | -1> = { ArrowRight: 1, ArrowLeft: -1 };
  const step = steps[event.key];
  if (step) {
    event.preventDefault();
    for (let n = event.shiftKey ? 10 : 1; n > 0; n--) chart?.step(step);
  } else if (event.key === "Escape") {
    if (chart?.zoomed) event.stopPropagation();
    chart?.reset();
    chart?.leave();
  }
}

function useChart({ metric, sources, theme, input }: CardProps) {
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<CardState>(NOTHING);
  const [chart, setChart] = useState<CardChart | null>(null);
  const first = useRef(theme);
  useEffect(() => {
    if (!host.current) return;
    const own = new CardChart(metric, sources, first.current, setState);
    const end = own.mount(host.current);
    setChart(own);
    return () => {
      end();
      own.end();
    };
  }, [metric, sources]);
  useEffect(() => chart?.give(input), [chart, input]);
  useEffect(() => {
    first.current = theme;
    chart?.theme(theme);
  }, [chart, theme]);
  return { host, chart, state };
}

/** Calls back when the element comes near the screen, and when it leaves it. */
function useSeen(element: React.RefObject<HTMLElement | null>, onSeen: (seen: boolean) => void): void {
  const call = useRef(onSeen);
  call.current = onSeen;
  useEffect(() => {
    const own = element.current;
    if (!own) return;
    const observer = new IntersectionObserver(
      (entries) => call.current(entries.some((entry) => entry.isIntersecting)),
      { rootMargin: "150px" },
    );
    observer.observe(own);
    return () => {
      observer.disconnect();
      call.current(false);
    };
  }, [element]);
}

/** Escape leaves a chart's zoom first, then its full screen; the panel's own full screen stays. */
function useEscape(full: boolean, chart: CardChart | null, onFull: (on: boolean) => void): void {
  const leave = useRef(onFull);
  leave.current = onFull;
  useEffect(() => {
    if (!full) return;
    const left = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || (event.target as Element | null)?.closest?.(".nbt-popover")) return;
      event.stopPropagation();
      if (chart?.zoomed) chart.reset();
      else leave.current(false);
    };
    document.addEventListener("keydown", left, true);
    return () => document.removeEventListener("keydown", left, true);
  }, [full, chart]);
}

/** Over everything, whatever the page around it does with its layers. */
function useTopLayer(element: React.RefObject<HTMLElement | null>, on: boolean): void {
  useEffect(() => {
    const own = element.current;
    if (!on || !own) return;
    own.setAttribute("popover", "manual");
    own.showPopover?.();
    return () => {
      own.hidePopover?.();
      own.removeAttribute("popover");
    };
  }, [element, on]);
}

/** The best of the runs that are shown, or the latest where no direction is better. */
export function hintOf(
  metric: string,
  runs: readonly RunRow[],
  better: "min" | "max" | null,
): { text: string; title: string } | null {
  const having = runs.filter((run) => Object.hasOwn(run.metrics, metric));
  const [only] = having;
  if (!only) return null;
  const stat = having.length > 1 && better ? better : "last";
  const of = (run: RunRow) => toNumber(run.metrics[metric]?.[stat]);
  if (stat === "last" && having.length > 1) {
    const values = having.map(of).filter(Number.isFinite);
    if (!values.length) return null;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { text: `${number(low)} … ${number(high)}`, title: `The last values of ${plural(having.length, "run")}` };
  }
  const sign = stat === "min" ? 1 : -1;
  const best = [...having].sort((a, b) => rank(sign * of(a)) - rank(sign * of(b)))[0] ?? only;
  return { text: `${stat} ${number(of(best))}`, title: `${stat} of ${best.name}` };
}

const rank = (one: number) => (Number.isNaN(one) ? Number.MAX_VALUE : one);

function describe(metric: string, { lines, low, high }: CardState, groups: boolean): string {
  if (!lines) return `${metric}: nothing to show`;
  const range = Number.isNaN(low) ? "" : `, from ${number(low)} to ${number(high)}`;
  return `${metric}: ${plural(lines, groups ? "group" : "run")}${range}`;
}
