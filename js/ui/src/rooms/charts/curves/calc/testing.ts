// Lines for tests.
import { sign } from "../../../../lib/palette";
import type { Line } from "./line";

export function lineOf(xs: readonly number[], ys: readonly number[], change: Partial<Line> = {}): Line {
  const x = Float64Array.from(xs);
  const y = Float64Array.from(ys);
  return {
    id: "a",
    label: "first",
    sign: sign("a"),
    x,
    y,
    shown: y,
    raw: null,
    points: null,
    length: xs.length,
    ascending: xs.every((one, i) => !i || one >= (xs[i - 1] as number)),
    leftOut: 0,
    epoch: 0,
    band: null,
    logged: () => null,
    ...change,
  };
}
