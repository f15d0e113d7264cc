// The small curves in the cells of metrics: what to ask for, and the line that is drawn.
import type { Num, RunRow, Series } from "../../../contract";
import { toNumber } from "../../../lib/format";

export const WIDE = 38; // pixels
export const HIGH = 16;
export const ROWS = 60; // at most this many runs and metrics are asked for at once
export const METRICS = 4;
const KEPT = 3000; // curves in memory

/** A curve as an SVG path, over its own range. Values that are no numbers leave a gap; one point is no curve. */
export function sparkPath(steps: readonly number[], values: readonly Num[], wide = WIDE, high = HIGH): string {
  const ys = values.map(toNumber);
  const finite = ys.filter(Number.isFinite);
  if (finite.length < 2) return "";
  const low = Math.min(...finite);
  const span = Math.max(...finite) - low;
  const first = Math.min(...steps);
  const length = Math.max(...steps) - first;
  if (length <= 0) return "";
  let path = "";
  let pen = "M";
  ys.forEach((y, at) => {
    if (!Number.isFinite(y)) {
      pen = "M";
      return;
    }
    const left = (((steps[at] ?? first) - first) / length) * (wide - 2) + 1;
    const top = span ? (1 - (y - low) / span) * (high - 3) + 1.5 : high / 2;
    path += `${pen}${left.toFixed(1)} ${top.toFixed(1)}`;
    pen = "L";
  });
  return path;
}

interface Kept {
  path: string;
  revision: number;
  /** When it was asked for. */
  at: number;
}

export interface Wanted {
  runs: string[];
  keys: string[];
}

/** The curves that are known. A run that goes on is asked for again, but not all the time. */
export class Sparks {
  readonly #kept = new Map<string, Kept>();

  path(run: string, metric: string): string {
    return this.#kept.get(`${run} ${metric}`)?.path ?? "";
  }

  /** What is not known yet, or not any more, of these runs and metrics; as much as is asked for at once. */
  missing(rows: readonly RunRow[], metrics: readonly string[], now: number, again = 2000): Wanted {
    const runs = new Set<string>();
    const keys = new Set<string>();
    for (const metric of metrics) {
      for (const row of rows) {
        if (!Object.hasOwn(row.metrics, metric) || (row.metrics[metric]?.count ?? 0) < 2) continue;
        const known = this.#kept.get(`${row.id} ${metric}`);
        if (known && (known.revision === row.revision || now - known.at < again)) continue;
        if (keys.size === METRICS && !keys.has(metric)) break;
        if (runs.size === ROWS && !runs.has(row.id)) break;
        runs.add(row.id);
        keys.add(metric);
      }
    }
    return { runs: [...runs], keys: [...keys] };
  }

  /** What was answered; also that there is no curve where there is none. */
  take(wanted: Wanted, series: readonly Series[], rows: readonly RunRow[], now: number): void {
    const found = new Map(series.map((one) => [`${one.run} ${one.key}`, one]));
    const revisions = new Map(rows.map((row) => [row.id, row.revision]));
    for (const run of wanted.runs) {
      for (const key of wanted.keys) {
        const name = `${run} ${key}`;
        const one = found.get(name);
        this.#kept.delete(name);
        const path = one ? sparkPath(one.steps, one.values) : "";
        this.#kept.set(name, { path, revision: revisions.get(run) ?? -1, at: now });
      }
    }
    // The oldest go first: a Map keeps the order in which they came.
    for (const name of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(name);
    }
  }
}
