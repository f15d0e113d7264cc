// One plot, drawn by plotly from a figure that Python makes.
import type { Plotly } from "plotly.js/lib/core";
import { useEffect, useMemo, useRef, useState } from "react";
import type { AskError } from "../../../api/transport";
import type { Figure } from "../../../contract";
import { Button } from "../../../parts/Button";
import { Spinner } from "../../../parts/Marks";
import { EmptyState, ErrorNote } from "../../../parts/Notes";
import { usePanel } from "../../../state/panel";
import { useAsk } from "../../../state/query";
import { useSelection, useSort } from "../../../state/runs";
import { useView } from "../../../state/view";
import { brushed, brushPrefix, type Constraint } from "./brush";
import { CardHead, type CardProps } from "./CardHead";
import { loadPlotly } from "./plotly";
import { KINDS } from "./specs";
import { useTheme } from "./theme";

const MOST_RUNS = 1000;

export function PlotCard(props: CardProps) {
  const { plot } = props;
  const root = useRef<HTMLDivElement>(null);
  const theme = useTheme(root);
  const asked = useFigure(plot, theme);
  const { plotly, error } = usePlotly();
  const failed = error ?? asked.error;
  const empty = asked.data?.data.length === 0;
  return (
    <section className="nbt-card" aria-label={KINDS[plot.kind].label}>
      <CardHead {...props}>
        {asked.loading && <Spinner />}
        <Button
          label="Save as PNG"
          icon="download"
          iconOnly
          disabled={!plotly || empty}
          onClick={() => root.current && plotly && void save(plotly, root.current, plot.kind)}
        />
      </CardHead>
      {failed && !asked.data && <ErrorNote error={failed} again={asked.again} />}
      {empty && <EmptyState title={asked.data?.notice || "These runs have nothing to show here."} />}
      <Drawing plot={plot.id} plotly={plotly} figure={empty ? undefined : asked.data} root={root} />
      {!empty && asked.data?.notice && <p className="nbt-card-note">{asked.data.notice}</p>}
    </section>
  );
}

/** The figure, of all runs but for what was brushed on itself: brushed runs stand out, the others stay in grey. */
function useFigure(plot: CardProps["plot"], theme: "light" | "dark") {
  const selection = useSelection();
  const brushes = useView((view) => view.also);
  const sort = useSort();
  const also = useMemo(() => {
    const own = new Set(brushes.filter((one) => one.id.startsWith(brushPrefix(plot.id))).map((one) => one.where));
    return selection.also.filter((where) => !own.has(where));
  }, [selection, brushes, plot.id]);
  const { kind, columns, color } = plot;
  const request = { ...selection, also, kind: kind as Exclude<typeof kind, "importance">, columns, color, theme, sort };
  return useAsk("charts.figure", { ...request, limit: MOST_RUNS }, { every: 1000 });
}

function usePlotly() {
  const { transport } = usePanel();
  const [state, setState] = useState<{ plotly?: Plotly; error?: AskError }>({});
  useEffect(() => {
    let left = false;
    loadPlotly(transport).then(
      (plotly) => left || setState({ plotly }),
      (error: AskError) => left || setState({ error }),
    );
    return () => {
      left = true;
    };
  }, [transport]);
  return state;
}

interface DrawingProps {
  plot: string;
  plotly: Plotly | undefined;
  figure: Figure | undefined;
  root: { current: HTMLDivElement | null };
}

type Drawn = HTMLDivElement & { on?: (event: string, listener: () => void) => void; data?: Trace[] };
interface Trace {
  dimensions?: { constraintrange?: Constraint }[];
}

function Drawing({ plot, plotly, figure, root }: DrawingProps) {
  const brush = useBrush(plot, figure);
  const listener = useRef(brush);
  listener.current = brush;
  useEffect(() => {
    const element = root.current as Drawn | null;
    if (!plotly || !figure || !element) return;
    const before = element.data?.[0]?.dimensions?.map((one) => one.constraintrange);
    const data = figure.data.map((trace) => kept(trace as Trace, before));
    const config = { displayModeBar: false, responsive: true };
    void plotly.react(element, data, figure.layout, config).then(() => {
      if (element.dataset.heard) return;
      element.dataset.heard = "yes";
      element.on?.("plotly_restyle", () => listener.current(element.data?.[0]));
    });
  }, [plotly, figure, root]);
  useEffect(() => {
    const element = root.current;
    return () => {
      if (plotly && element) plotly.purge(element);
    };
  }, [plotly, root]);
  return (
    <div
      ref={root}
      className="nbt-plot"
      role="img"
      aria-label={figure ? `A plot of ${figure.runs.length} runs` : "A plot"}
      style={{ display: figure ? undefined : "none" }}
    />
  );
}

/** The trace with what was brushed on its axes, where they are as many as before. */
function kept(trace: Trace, before: Constraint[] | undefined): Trace {
  if (!before || trace.dimensions?.length !== before.length) return trace;
  const dimensions = trace.dimensions.map((one, at) => ({ ...one, constraintrange: before[at] }));
  return { ...trace, dimensions };
}

function useBrush(plot: string, figure: Figure | undefined): (trace: Trace | undefined) => void {
  const { view } = usePanel();
  return (trace) => {
    const conditions = (figure?.axes ?? []).map((axis, at) =>
      brushed(plot, axis, trace?.dimensions?.[at]?.constraintrange),
    );
    const others = view.getState().also.filter((one) => !one.id.startsWith(brushPrefix(plot)));
    view.getState().set({ also: [...others, ...conditions.filter((one) => one !== null)] });
  };
}

async function save(plotly: Plotly, root: HTMLElement, name: string): Promise<void> {
  const { clientWidth: width, clientHeight: height } = root;
  const link = document.createElement("a");
  link.href = await plotly.toImage(root, { format: "png", width, height, scale: 2 });
  link.download = `${name}.png`;
  link.click();
}
