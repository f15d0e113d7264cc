// A run's line. It grows with the run's points: only what is new is placed and smoothed.
//
// Smoothing is over all that was logged. Where the points are all here it is done here; where they were thinned, the
// extremes that were kept would pull the average to them, so Python smooths the whole history (`exact`), and what comes
// after it is gone on with here. Until that is there, and over another metric, the thinned points have to do.
import type { Sign } from "../../../../lib/palette";
import type { XAxis } from "../../../../state/view";
import type { MeanOf } from "../data/bandFeed";
import type { Points } from "../data/points";
import { type Line, outside, type Stroke } from "./line";
import { nearest } from "./near";
import { type Average, begin, smooth } from "./smooth";
import { type Axis, onAxis } from "./ticks";

export interface How {
  x: XAxis;
  xAxis: Axis;
  yAxis: Axis;
  smoothing: number;
  /** When the run began, Unix seconds. */
  started: number;
}

const NONE: Float64Array = new Float64Array(0);

export class RunLine implements Line {
  readonly id: string;
  label = "";
  sign: Sign;
  x = NONE;
  y = NONE;
  shown = NONE;
  raw: Stroke | null = null;
  points: Points | null = null;
  length = 0;
  ascending = true;
  leftOut = 0;
  epoch = 0;
  readonly band = null;
  // Where the points lie, one for one; without smoothing this is what is drawn.
  #placed: Stroke = { x: NONE, y: NONE, length: 0 };
  #exact: MeanOf | null = null;
  #pointsEpoch = -1;
  #how = "";
  #average: Average = begin();

  constructor(id: string, sign: Sign) {
    this.id = id;
    this.sign = sign;
  }

  logged(at: number): number | null {
    if (!this.raw || !this.points) return null;
    if (!this.#exact) return this.points.values[at] ?? null;
    const own = nearest({ ...this.raw, ascending: this.ascending }, this.x[at] as number, Number.POSITIVE_INFINITY);
    return own === null ? null : (this.points.values[own] ?? null);
  }

  /** Take what is new of the points; all of them, where they or the axes are others. Says whether anything changed. */
  update(points: Points, how: How, exact: MeanOf | null = null): boolean {
    const same = `${how.x} ${how.xAxis.log} ${how.yAxis.log} ${how.smoothing} ${how.started}`;
    // An exact answer that comes late for a line that goes back in x says nothing of its order.
    const usable = exact && this.ascending ? exact : null;
    const again =
      points !== this.points || points.epoch !== this.#pointsEpoch || same !== this.#how || usable !== this.#exact;
    if (!again && points.length === this.#placed.length) return false;
    if (again) this.#begin(points, same, usable);
    const from = this.#placed.length;
    this.#place(points, how, from);
    if (usable && !this.ascending) return this.update(points, how, null);
    this.#smooth(points, how, from);
    return true;
  }

  #begin(points: Points, same: string, exact: MeanOf | null): void {
    this.points = points;
    this.#pointsEpoch = points.epoch;
    this.#how = same;
    this.#exact = exact;
    this.#placed = { x: NONE, y: NONE, length: 0 };
    this.#average = begin();
    this.x = this.y = this.shown = NONE;
    this.length = this.leftOut = 0;
    this.ascending = true;
    this.epoch++;
  }

  #place(points: Points, how: How, from: number): void {
    const { length } = points;
    const placed = this.#placed;
    const source = xSource(points, how.x);
    const ownX = how.x === "relative" || how.xAxis.log;
    const ownY = how.yAxis.log;
    placed.x = ownX ? room(placed.x, length, from) : source;
    placed.y = ownY ? room(placed.y, length, from) : points.values;
    const shift = how.x === "relative" ? how.started : 0;
    let before = from ? (placed.x[from - 1] as number) : Number.NEGATIVE_INFINITY;
    for (let i = from; i < length; i++) {
      if (ownX) placed.x[i] = onAxis((source[i] as number) - shift, how.xAxis);
      if (ownY) placed.y[i] = onAxis(points.values[i] as number, how.yAxis);
      const x = placed.x[i] as number;
      if (outside(source[i] as number, x) || outside(points.values[i] as number, placed.y[i] as number)) this.leftOut++;
      if (!(x >= before)) this.ascending = false;
      if (!Number.isNaN(x)) before = x;
    }
    placed.length = length;
  }

  #smooth(points: Points, how: How, from: number): void {
    const { x, y, length } = this.#placed;
    if (!how.smoothing) {
      Object.assign(this, { x, y, length, shown: points.values, raw: null });
      return;
    }
    this.raw = this.#placed;
    if (this.#exact) {
      this.#goOn(points, how, from);
      return;
    }
    this.x = x;
    this.shown = room(this.shown, length, from);
    smooth(points.values, this.shown, from, length, how.smoothing, this.#average);
    this.y = how.yAxis.log ? room(this.y, length, from) : this.shown;
    if (how.yAxis.log) for (let i = from; i < length; i++) this.y[i] = onAxis(this.shown[i] as number, how.yAxis);
    this.length = length;
  }

  /** What Python smoothed, and after it what came since. */
  #goOn(points: Points, how: How, from: number): void {
    const exact = this.#exact as MeanOf;
    if (from === 0) this.#takeExact(exact, how);
    const { x, length } = this.#placed;
    const last = exact.xs.length ? onAxis(exact.xs.at(-1) as number, how.xAxis) : Number.NEGATIVE_INFINITY;
    let next = from;
    while (next < length && !((x[next] as number) > last)) next++;
    const more = length - next;
    this.x = room(this.x, this.length + more, this.length);
    this.y = room(this.y, this.length + more, this.length);
    this.shown = room(this.shown, this.length + more, this.length);
    const smoothed = new Float64Array(length);
    smooth(points.values, smoothed, next, length, how.smoothing, this.#average);
    for (let i = next; i < length; i++, this.length++) {
      this.x[this.length] = x[i] as number;
      this.shown[this.length] = smoothed[i] as number;
      this.y[this.length] = onAxis(smoothed[i] as number, how.yAxis);
    }
  }

  #takeExact({ xs, mean }: MeanOf, how: How): void {
    this.length = xs.length;
    this.x = xs.map((one) => onAxis(one, how.xAxis));
    this.shown = mean.slice();
    this.y = mean.map((one) => onAxis(one, how.yAxis));
    // After so many points nothing is left of the bias of the beginning.
    const last = mean.findLast(Number.isFinite);
    this.#average = last === undefined ? begin() : { state: last, remains: 0 };
  }
}

function xSource(points: Points, x: XAxis): Float64Array {
  if (x === "step") return points.steps;
  if (x === "metric") return points.xs ?? points.steps;
  return points.times;
}

/** A buffer of at least this size that still holds the first `kept`; never one of the points' own. */
function room(old: Float64Array, size: number, kept: number): Float64Array {
  if (kept && old.length >= size) return old;
  const next = new Float64Array(Math.max(64, size + (size >> 1)));
  if (kept) next.set(old.subarray(0, kept));
  return next;
}
