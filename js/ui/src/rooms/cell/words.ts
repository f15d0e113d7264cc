// What a run of a cell is called, and which is the best of them.
import type { BriefRow, MainMetric } from "../../contract";
import { ago, duration, number, oneLine, toNumber } from "../../lib/format";

/** The metric that the latest run with one has, and whose course over the runs is drawn. */
export function shownMetric(runs: readonly BriefRow[]): MainMetric | null {
  return runs.find(({ metric }) => metric)?.metric ?? null;
}

/** The value of a run in the metric `name`; NaN where it has another, or none. */
export function metricOf(run: BriefRow, name: string | undefined): number {
  return run.metric && run.metric.name === name ? toNumber(run.metric.value) : Number.NaN;
}

/** The id of the best of the runs; null where nothing says what better is, or there is nothing to be better than. */
export function bestOf(runs: readonly BriefRow[]): string | null {
  const metric = shownMetric(runs);
  if (!metric?.better) return null;
  let best: BriefRow | null = null;
  let count = 0;
  for (const run of runs) {
    const value = metricOf(run, metric.name);
    if (!Number.isFinite(value) || run.status === "running") continue;
    count += 1;
    const before = best ? metricOf(best, metric.name) : Number.NaN;
    if (!best || (metric.better === "max" ? value > before : value < before)) best = run;
  }
  return count > 1 && best ? best.id : null;
}

/** How far a running run is: "step 12 of 100". */
export function progressText({ progress }: BriefRow): string {
  if (!progress) return "";
  return `step ${progress.step}${progress.total ? ` of ${progress.total}` : ""}`;
}

/** Everything that the strip says of a run by its looks, in words. */
export function inWords(run: BriefRow, best: boolean): string {
  const { name, status, metric } = run;
  const took = status === "running" ? "for" : "took";
  return [
    oneLine(name, 60),
    status,
    status === "running" && progressText(run),
    metric && `${oneLine(metric.name, 40)} ${number(toNumber(metric.value))}${best ? ", the best here" : ""}`,
    `${took} ${duration(toNumber(run.duration))}`,
    ago(toNumber(run.started)),
  ]
    .filter(Boolean)
    .join(" · ");
}
