// Which plots there are, and what a new one shows before anybody chose.
import { type Column, firstColumns } from "../../../lib/columns";
import type { PlotKind, PlotSpec } from "../../../state/view";

export const KINDS: Record<PlotKind, { label: string; axes: readonly string[] }> = {
  parallel: { label: "Parallel coordinates", axes: [] },
  scatter: { label: "Scatter", axes: ["x", "y"] },
  bars: { label: "Bars", axes: ["height", "per"] },
  histogram: { label: "Histogram", axes: ["of"] },
  contour: { label: "Contour", axes: ["x", "y", "height"] },
  importance: { label: "Param importance", axes: ["metric"] },
};

const AXES = 7; // of parallel coordinates, to begin with

/** A new plot of a kind; null where the project has nothing to show in it. */
export function newPlot(kind: PlotKind, columns: readonly Column[], differing: ReadonlySet<string>): PlotSpec | null {
  const seen = firstColumns(columns);
  const metric = mainMetric(columns)?.id;
  const params = columns.filter((one) => one.kind === "params");
  // What is the same in all runs tells nothing, unless there is nothing else. What the table shows comes first.
  const telling = params.filter((one) => differing.has(one.id));
  const ranked = [...(telling.length ? telling : params)].sort(
    (a, b) => Number(seen.has(b.id)) - Number(seen.has(a.id)),
  );
  const numeric = ranked.filter((one) => one.numeric).map((one) => one.id);
  const [first, second] = numeric.length > 1 ? numeric : ranked.map((one) => one.id);
  const chosen: Record<PlotKind, (string | undefined)[]> = {
    parallel: [...ranked.slice(0, AXES - 1).map((one) => one.id), metric],
    scatter: [first ?? "started", metric],
    bars: [metric],
    histogram: [metric],
    contour: [first, second, metric],
    importance: [metric],
  };
  const ids = chosen[kind].filter((id): id is string => id !== undefined);
  const least = kind === "bars" ? 1 : Math.max(1, KINDS[kind].axes.length);
  if (ids.length < least) return null;
  return { id: `${kind}-${Math.random().toString(36).slice(2, 8)}`, kind, columns: ids, color: null };
}

/** The metric that most runs have, one whose better direction is known before others. */
export function mainMetric(columns: readonly Column[]): Column | undefined {
  const metrics = columns.filter((one) => one.kind === "metrics");
  const rank = (one: Column) => (one.better === "max" ? 2 : one.better === "min" ? 1 : 0);
  return [...metrics].sort((a, b) => b.runs - a.runs || rank(b) - rank(a))[0];
}
