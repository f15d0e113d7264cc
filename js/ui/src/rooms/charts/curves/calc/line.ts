// One line of a chart: a run's points, or a group's mean, where they lie on the axes. A line of a run grows with its
// points: only what is new is placed and smoothed.
import type { Sign } from "../../../../lib/palette";
import type { XAxis } from "../../../../state/view";
import type { Points } from "../data/points";
import { type Average, begin, smooth } from "./smooth";
import { type Axis, onAxis } from "./ticks";

export interface Line {
  /** A run's id, or a group's name. */
  readonly id: string;
  label: string;
  sign: Sign;
  /** Places on the axes (log10 where it is a log axis), in the order logged; longer than `length`. */
  x: Float64Array;
  y: Float64Array;
  /** What is drawn, as a value: smoothed if that is wanted. */
  shown: Float64Array;
  /** Where the points lie that were smoothed; null without smoothing. */
  raw: Float64Array | null;
  length: number;
  /** x never goes back. */
  ascending: boolean;
  /** Points that a log axis has no place for. */
  leftOut: number;
  /** Grows with every change. */
  version: number;
  /** Grows when it is another line, and not only a longer one. */
  epoch: number;
  /** Of a group: its edges, and over how many runs it is. */
  band: { low: Float64Array; high: Float64Array; runs: number } | null;
  /** The value as logged, where it is another than the one that is drawn. */
  logged(at: number): number | null;
  step(at: number): number | null;
  /** Unix seconds. */
  time(at: number): number | null;
  /** The value on the x axis. */
  place(at: number): number;
}

export interface How {
  x: XAxis;
  xAxis: Axis;
  yAxis: Axis;
  smoothing: number;
  /** When the run began, Unix seconds. */
  started: number;
}

export class RunLine implements Line {
  readonly id: string;
  label = "";
  sign: Sign;
  x: Float64Array = new Float64Array(0);
  y: Float64Array = new Float64Array(0);
  shown: Float64Array = new Float64Array(0);
  raw: Float64Array | null = null;
  length = 0;
  ascending = true;
  leftOut = 0;
  version = 0;
  epoch = 0;
  readonly band = null;
  #points: Points | null = null;
  #pointsEpoch = -1;
  #how = "";
  #log = false;
  #average: Average = begin();

  constructor(id: string, sign: Sign) {
    this.id = id;
    this.sign = sign;
  }

  logged(at: number): number | null {
    return this.raw && this.#points ? (this.#points.values[at] ?? null) : null;
  }

  step(at: number): number | null {
    return this.#points?.steps[at] ?? null;
  }

  time(at: number): number | null {
    return this.#points?.times[at] ?? null;
  }

  place(at: number): number {
    return this.#log ? 10 ** (this.x[at] as number) : (this.x[at] as number);
  }

  /** Take what is new of the points; all of them, where they or the axes are others. Says whether anything changed. */
  update(points: Points, how: How): boolean {
    const same = `${how.x} ${how.xAxis.log} ${how.yAxis.log} ${how.smoothing} ${how.started}`;
    const again = points !== this.#points || points.epoch !== this.#pointsEpoch || same !== this.#how;
    if (!again && points.length === this.length) return false;
    if (again) {
      this.length = this.leftOut = 0;
      this.ascending = true;
      this.#average = begin();
      this.#points = points;
      this.#pointsEpoch = points.epoch;
      this.epoch++;
      this.#how = same;
      this.#log = how.xAxis.log;
    }
    this.#place(points, how);
    this.version++;
    return true;
  }

  #place(points: Points, how: How): void {
    const { length } = points;
    const source = xSource(points, how.x);
    const ownX = how.x === "relative" || how.xAxis.log;
    this.x = ownX ? room(this.x, length, this.length) : source;
    const smoothed = how.smoothing > 0;
    this.shown = smoothed ? room(this.shown, length, this.length) : points.values;
    if (smoothed) smooth(points.values, this.shown, this.length, length, how.smoothing, this.#average);
    const ownY = how.yAxis.log;
    this.y = ownY ? room(this.y, length, this.length) : this.shown;
    this.raw = !smoothed ? null : ownY ? room(this.raw ?? new Float64Array(0), length, this.length) : points.values;
    const shift = how.x === "relative" ? how.started : 0;
    let before = this.length ? (this.x[this.length - 1] as number) : Number.NEGATIVE_INFINITY;
    for (let i = this.length; i < length; i++) {
      if (ownX) this.x[i] = onAxis((source[i] as number) - shift, how.xAxis);
      if (ownY) {
        this.y[i] = onAxis(this.shown[i] as number, how.yAxis);
        if (this.raw) this.raw[i] = onAxis(points.values[i] as number, how.yAxis);
      }
      if (outside(source[i] as number, this.x[i] as number) || outside(this.shown[i] as number, this.y[i] as number))
        this.leftOut++;
      const x = this.x[i] as number;
      if (x < before) this.ascending = false;
      if (Number.isNaN(x)) this.ascending = false;
      else before = x;
    }
    this.length = length;
  }
}

/** It was a number, and the axis has no place for it. */
function outside(value: number, place: number): boolean {
  return Number.isNaN(place) && !Number.isNaN(value);
}

function xSource(points: Points, x: XAxis): Float64Array {
  if (x === "step") return points.steps;
  if (x === "metric") return points.xs ?? points.steps;
  return points.times;
}

/** A buffer of at least this size that still holds the first `kept`; never one of the points' own. */
function room(old: Float64Array, size: number, kept: number): Float64Array<ArrayBuffer> {
  if (kept && old.length >= size) return old as Float64Array<ArrayBuffer>;
  const next = new Float64Array(Math.max(64, size + (size >> 1)));
  if (kept) next.set(old.subarray(0, kept));
  return next;
}

/** The mean of a group as a line with its band. */
export function meanLine(
  id: string,
  sign: Sign,
  given: { xs: Float64Array; mean: Float64Array; low: Float64Array; high: Float64Array; runs: number },
  axes: Pick<How, "xAxis" | "yAxis">,
  version: number,
): Line {
  const place = (values: Float64Array, axis: Axis) => (axis.log ? values.map((one) => onAxis(one, axis)) : values);
  const y = place(given.mean, axes.yAxis);
  // A band that reaches below zero runs down to the edge of a log axis, however far that is.
  const low = axes.yAxis.log
    ? given.low.map((one) => (one > 0 ? Math.log10(one) : Number.isNaN(one) ? one : -1e3))
    : given.low;
  return {
    id,
    label: id,
    sign,
    x: place(given.xs, axes.xAxis),
    y,
    shown: given.mean,
    raw: null,
    length: given.xs.length,
    ascending: true,
    epoch: version,
    leftOut: given.mean.reduce((sum, one, i) => sum + Number(outside(one, y[i] as number)), 0),
    version,
    band: { low, high: place(given.high, axes.yAxis), runs: given.runs },
    logged: () => null,
    step: () => null,
    time: () => null,
    place: (at) => given.xs[at] as number,
  };
}
