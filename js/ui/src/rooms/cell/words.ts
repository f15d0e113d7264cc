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

/** The id of the best of the runs; null where nothing says what better is, or none is better than another. */
export function bestOf(runs: readonly BriefRow[]): string | null {
  const metric = shownMetric(runs);
  if (!metric?.better) return null;
  const sign = metric.better === "max" ? 1 : -1;
  const ended = runs
    .filter(({ status }) => status !== "running")
    .map((run) => ({ id: run.id, worth: sign * metricOf(run, metric.name) }))
    .filter(({ worth }) => Number.isFinite(worth))
    .sort((a, b) => b.worth - a.worth);
  const [first, last] = [ended[0], ended.at(-1)];
  return first && last && first.worth > last.worth ? first.id : null;
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
