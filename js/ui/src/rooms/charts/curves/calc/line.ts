// What a chart draws: lines whose points lie on its axes.
import type { Sign } from "../../../../lib/palette";
import type { MeanOf } from "../data/bandFeed";
import type { Points } from "../data/points";
import { type Axis, onAxis } from "./ticks";

/** Places on the axes (log10 where it is a log axis), in the order logged; the arrays may be longer than `length`. */
export interface Stroke {
  x: Float64Array;
  y: Float64Array;
  length: number;
}

export interface Line extends Stroke {
  /** A run's id, or a group's name. */
  readonly id: string;
  label: string;
  sign: Sign;
  /** What is drawn, as a value: smoothed if that is wanted. */
  shown: Float64Array;
  /** The points that were smoothed; null without smoothing. */
  raw: Stroke | null;
  /** What a run logged, as far as it is known; null of a group. */
  points: Points | null;
  /** x never goes back. */
  ascending: boolean;
  /** Points that a log axis has no place for. */
  leftOut: number;
  /** Grows when it is another line, and not only a longer one. */
  epoch: number;
  /** Of a group: its edges on the axis, and what they are made of. */
  band: { low: Float64Array; high: Float64Array; of: MeanOf } | null;
  /** The value as logged, where it is another than the one that is drawn. */
  logged(at: number): number | null;
}

/** It was a number, and the axis has no place for it. */
export function outside(value: number, place: number): boolean {
  return Number.isNaN(place) && !Number.isNaN(value);
}

/** The mean of a group as a line with its band. */
export function meanLine(
  given: MeanOf,
  sign: Sign,
  { xAxis, yAxis }: { xAxis: Axis; yAxis: Axis },
  version: number,
): Line {
  const place = (values: Float64Array, axis: Axis) => (axis.log ? values.map((one) => onAxis(one, axis)) : values);
  const y = place(given.mean, yAxis);
  // A band that reaches below zero runs down to the edge of a log axis, however far that is.
  const down = (one: number) => (one > 0 ? Math.log10(one) : Number.isNaN(one) ? one : -1e3);
  return {
    id: given.group,
    label: given.group,
    sign,
    x: place(given.xs, xAxis),
    y,
    shown: given.mean,
    raw: null,
    points: null,
    length: given.xs.length,
    ascending: true,
    leftOut: given.mean.reduce((sum, one, i) => sum + Number(outside(one, y[i] as number)), 0),
    epoch: version,
    band: { low: yAxis.log ? given.low.map(down) : given.low, high: place(given.high, yAxis), of: given },
    logged: () => null,
  };
}
