// One metric of one run, in the order it was logged: as it was asked for, and what was logged since.

import type { Series } from "../../../../contract";
import { toNumber } from "../../../../lib/format";
import type { XAxis } from "../../../../state/view";

/** What a question was about: whether its answer is still good enough is told from it. */
export interface AskedFor {
  x: XAxis;
  xKey: string | null;
  /** Pixel columns it was thinned to. */
  width: number;
}

const SMALLEST = 64;

export class Points {
  readonly run: string;
  readonly key: string;
  /** How many points are known. */
  length = 0;
  /** How many the run had logged when it was last asked: the place to go on from. */
  total = 0;
  /** Nothing was thinned away: these are all the points that there are. */
  exact = true;
  /** Asked after the run had ended: nothing more can come. */
  settled = false;
  /** Grows when the points are others, not merely more. */
  epoch = 0;
  asked: AskedFor | null = null;
  #steps: Float64Array = new Float64Array(SMALLEST);
  #times: Float64Array = new Float64Array(SMALLEST);
  #values: Float64Array = new Float64Array(SMALLEST);
  #xs: Float64Array | null = null;
  #answered = 0; // points of the last whole answer

  constructor(run: string, key: string) {
    this.run = run;
    this.key = key;
  }

  // The buffers are longer than `length`; they are another object after they have grown.
  get steps(): Float64Array {
    return this.#steps;
  }
  get times(): Float64Array {
    return this.#times;
  }
  get values(): Float64Array {
    return this.#values;
  }
  /** The other metric's values where x is a metric. */
  get xs(): Float64Array | null {
    return this.#xs;
  }

  /** The answer to a whole question takes the place of what was known. */
  replace(series: Series | undefined, asked: AskedFor): void {
    this.length = 0;
    this.epoch++;
    this.total = series?.total ?? 0;
    this.exact = (series?.values.length ?? 0) === this.total;
    this.asked = asked;
    this.#xs = asked.x === "metric" ? new Float64Array(SMALLEST) : null;
    if (series) this.#add(series);
    this.#answered = this.length;
  }

  /** What was logged since `total`. It may be thinned where it is much. */
  append(series: Series): void {
    const before = this.total;
    // A smaller total: the file was replaced by another one. What was known says nothing any more.
    if (series.total < before) {
      this.asked = null;
      return;
    }
    if (series.values.length !== series.total - before) this.exact = false;
    this.total = series.total;
    this.#add(series);
  }

  /** So many points have come to it that fewer would draw the same: three times what a chart of this width takes. */
  get overgrown(): boolean {
    return this.asked !== null && this.length > this.#answered + 8 * this.asked.width;
  }

  #add({ steps, times, values, xs }: Series): void {
    const count = values.length;
    this.#reserve(this.length + count);
    for (let i = 0; i < count; i++) {
      const at = this.length + i;
      this.#steps[at] = steps[i] ?? Number.NaN;
      this.#times[at] = toNumber(times[i]);
      this.#values[at] = toNumber(values[i]);
      if (this.#xs) this.#xs[at] = toNumber(xs?.[i]);
    }
    this.length += count;
  }

  #reserve(size: number): void {
    const grown = (old: Float64Array): Float64Array => {
      const next = new Float64Array(Math.max(size, 2 * old.length));
      next.set(old.subarray(0, this.length));
      return next;
    };
    if (size > this.#values.length) {
      this.#steps = grown(this.#steps);
      this.#times = grown(this.#times);
      this.#values = grown(this.#values);
    }
    if (this.#xs && size > this.#xs.length) this.#xs = grown(this.#xs);
  }
}

/** Whether the whole of a curve has to be asked for, again or for the first time. */
export function wantsWhole(points: Points | undefined, asked: AskedFor): boolean {
  const before = points?.asked;
  if (!points || !before) return true;
  if (asked.x === "metric") {
    if (before.x !== "metric" || before.xKey !== asked.xKey) return true;
    return before.width < 0.8 * asked.width && !points.exact;
  }
  // An answer over a metric has only the points at which that metric was logged too.
  if (before.x === "metric" || points.overgrown) return true;
  if (points.exact) return false;
  return before.x !== asked.x || before.width < 0.8 * asked.width;
}
