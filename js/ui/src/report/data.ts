// What a report's file carries for its script, as nbtrack/transfer/exporters/report/data.py writes it.
import type { Json, Num, RunRow, Summary } from "../contract";
import { toNumber } from "../lib/format";

type Numbers = [last: Num, min: Num, max: Num, mean: Num, count: number, lastStep: number];

interface WrittenRun {
  id: string;
  name: string;
  status: RunRow["status"];
  experiment: string;
  notebook: string | null;
  started: Num;
  duration: Num;
  params: Record<string, Json>;
  tags: Record<string, string>;
  metrics: Record<string, Numbers>;
}

type WrittenCurve = [run: number, metric: number, total: number, steps: number[], times: Num[], values: Num[]];

export interface Written {
  v: number;
  runs: WrittenRun[];
  metrics: [name: string, better: "min" | "max" | null, runs: number][];
  curves: WrittenCurve[];
}

/** A curve as it was thinned when the file was written. times: Unix seconds. */
export interface Kept {
  run: string;
  key: string;
  total: number;
  started: number;
  steps: Float64Array;
  times: Float64Array;
  values: Float64Array;
}

export interface Report {
  runs: RunRow[];
  metrics: Written["metrics"];
  /** By run and metric, see `nameOf`. */
  curves: Map<string, Kept>;
}

export const nameOf = (run: string, key: string) => `${run}\n${key}`;

export function readReport(written: Written): Report {
  const runs = written.runs.map(row);
  const curves = new Map<string, Kept>();
  for (const [at, metric, total, steps, times, values] of written.curves) {
    const run = runs[at];
    const key = written.metrics[metric]?.[0];
    if (!run || key === undefined) continue;
    const started = toNumber(run.started);
    let last = 0;
    curves.set(nameOf(run.id, key), {
      run: run.id,
      key,
      total,
      started,
      steps: Float64Array.from(steps, (difference) => {
        last += difference;
        return last;
      }),
      times: Float64Array.from(times, (seconds) => started + toNumber(seconds)),
      values: Float64Array.from(values, toNumber),
    });
  }
  return { runs, metrics: written.metrics, curves };
}

function row(run: WrittenRun): RunRow {
  return {
    ...run,
    metrics: Object.fromEntries(Object.entries(run.metrics).map(([name, numbers]) => [name, summary(numbers)])),
    ended: null,
    kind: "",
    cell: null,
    execution: null,
    parent: null,
    note: "",
    starred: false,
    trashed: null,
    end_reason: null,
    revision: 1,
  };
}

const summary = ([last, min, max, mean, count, last_step]: Numbers): Summary => ({
  last,
  min,
  max,
  mean,
  count,
  last_step,
  source: "explicit",
});
