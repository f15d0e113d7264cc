// The transport of a report: what charts ask Python for otherwise is answered from the file. There is nobody else.
import { Announcer } from "../api/announcer";
import { type AnswerOf, AskError, type OperationName, type RequestOf, type Transport } from "../api/transport";
import type { Bands, BandsRequest, MeanBand, Series, SeriesAnswer, SeriesRequest } from "../contract";
import { type Kept, nameOf, type Report } from "./data";

type Answers = { [K in OperationName]?: (request: RequestOf<K>) => AnswerOf<K> };

export class KeptTransport extends Announcer implements Transport {
  readonly side = "file";
  readonly #answers: Answers;

  constructor(report: Report) {
    super();
    this.#answers = {
      "runs.series": (request) => series(report, request),
      "charts.bands": (request) => bands(report, request),
      "charts.tail": () => ({ series: [], revision: 1, missing: [] }),
    };
  }

  async ask<K extends OperationName>(op: K, request: RequestOf<K>): Promise<AnswerOf<K>> {
    const answer = this.#answers[op] as ((request: RequestOf<K>) => AnswerOf<K>) | undefined;
    if (!answer) throw new AskError({ code: "unknown_operation", message: "A report has nothing more than it shows." });
    return answer(request);
  }

  async asset(name: string): Promise<string> {
    throw new AskError({ code: "unknown_asset", message: `A report has no ${name}.` });
  }

  close(): void {}
}

type Axis = "step" | "time" | "relative";

function placed(kept: Kept, x: Axis): Float64Array {
  if (x === "step") return kept.steps;
  return x === "time" ? kept.times : kept.times.map((moment) => moment - kept.started);
}

/** The curves that exist. Of a window, with one neighbour on either side, so that lines run to the edge. */
export function series(report: Report, request: SeriesRequest): SeriesAnswer {
  const found: Series[] = [];
  for (const run of request.runs) {
    for (const key of request.keys) {
      const kept = report.curves.get(nameOf(run, key));
      if (!kept) continue;
      const over = request.x === "metric" ? report.curves.get(nameOf(run, request.x_key ?? "")) : undefined;
      if (request.x === "metric" && !over) continue;
      const xs = over ? overMetric(kept, over) : placed(kept, (request.x ?? "step") as Axis);
      const at = places(xs, request.window ?? null).filter((place) => !over || !Number.isNaN(xs[place]));
      if (!at.length) continue;
      const pick = (from: Float64Array) => at.map((place) => from[place] as number);
      found.push({
        run,
        key,
        steps: pick(kept.steps),
        times: pick(kept.times),
        values: pick(kept.values),
        // What is here is all there is: a finer curve is not asked for.
        total: at.length,
        xs: over ? pick(xs) : null,
      });
    }
  }
  return { series: found, revision: 1, missing: [] };
}

/** The other metric's value at each step; NaN where the file has none. */
function overMetric(kept: Kept, over: Kept): Float64Array {
  const values = new Map([...over.steps].map((step, at) => [step, over.values[at] as number]));
  return kept.steps.map((step) => values.get(step) ?? Number.NaN);
}

function places(xs: Float64Array, window: [number, number] | null): number[] {
  const all = [...xs.keys()];
  if (!window) return all;
  const [low, high] = window;
  const inside = (at: number) => at >= 0 && at < xs.length && (xs[at] as number) >= low && (xs[at] as number) <= high;
  return all.filter((at) => inside(at) || inside(at - 1) || inside(at + 1));
}

const MOST = 200; // places of a mean

/** Mean ± one sample standard deviation of the curves as they are in the file, between their points by straight lines. */
export function bands(report: Report, request: BandsRequest): Bands {
  const found: MeanBand[] = [];
  for (const [group, runs] of Object.entries(request.groups)) {
    const lines = runs.flatMap((run) => {
      const kept = report.curves.get(nameOf(run, request.key));
      return kept ? [line(kept, (request.x ?? "step") as Axis, request.smoothing ?? 0)] : [];
    });
    if (lines.length) found.push({ group, ...mean(lines), runs: lines.length });
  }
  return { bands: found, revision: 1 };
}

interface Line {
  xs: number[];
  ys: number[];
}

/** The finite points in the order of x, smoothed as the charts do it. */
function line(kept: Kept, x: Axis, weight: number): Line {
  const xs = placed(kept, x);
  const at = [...xs.keys()].filter((place) => Number.isFinite(kept.values[place]));
  let value = 0;
  let sum = 0;
  const smooth = new Map<number, number>();
  for (const place of at) {
    value = weight * value + (1 - weight) * (kept.values[place] as number);
    sum = weight * sum + 1 - weight;
    smooth.set(place, weight > 0 ? value / sum : (kept.values[place] as number));
  }
  at.sort((a, b) => (xs[a] as number) - (xs[b] as number));
  return { xs: at.map((place) => xs[place] as number), ys: at.map((place) => smooth.get(place) as number) };
}

function mean(lines: Line[]): Pick<MeanBand, "xs" | "mean" | "low" | "high"> {
  const all = [...new Set(lines.flatMap(({ xs }) => xs))].sort((a, b) => a - b);
  const every = Math.ceil(all.length / MOST) || 1;
  const xs = all.filter((_, at) => at % every === 0 || at === all.length - 1);
  const rows = xs.map((x) => {
    const values = lines.map((one) => valueAt(one, x)).filter((value) => !Number.isNaN(value));
    const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / Math.max(1, values.length - 1);
    return { middle, deviation: Math.sqrt(spread) };
  });
  return {
    xs,
    mean: rows.map(({ middle }) => middle),
    low: rows.map(({ middle, deviation }) => middle - deviation),
    high: rows.map(({ middle, deviation }) => middle + deviation),
  };
}

/** Between two points on the straight line; NaN beyond the ends. */
function valueAt({ xs, ys }: Line, x: number): number {
  let low = 0;
  let high = xs.length - 1;
  if (high < 0 || x < (xs[0] as number) || x > (xs[high] as number)) return Number.NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle;
    else high = middle;
  }
  const [left, right] = [xs[low] as number, xs[high] as number];
  const part = right > left ? Math.min(1, (x - left) / (right - left)) : 0;
  return (ys[low] as number) + part * ((ys[high] as number) - (ys[low] as number));
}
