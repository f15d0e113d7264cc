// A curve the size of a word: gaps where there is no number, a dot at its end.
import type { Series } from "../../contract";
import { number, toNumber } from "../../lib/format";

const WIDTH = 72;
const HEIGHT = 18;
const EDGE = 2.5;

/** The path of the curve and where it ends; null where there is no number. */
export function curve(series: Pick<Series, "steps" | "values">): { path: string; end: [number, number] } | null {
  const points = series.values
    .map((value, at) => [series.steps[at] ?? at, toNumber(value)] as const)
    .sort(([a], [b]) => a - b);
  const known = points.filter(([, value]) => Number.isFinite(value));
  if (!known.length) return null;
  const [x0, x1] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [, value] of known) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const x = (step: number) => EDGE + (x1 > x0 ? (step - x0) / (x1 - x0) : 1) * (WIDTH - 2 * EDGE);
  const y = (value: number) => HEIGHT - EDGE - (high > low ? (value - low) / (high - low) : 0.5) * (HEIGHT - 2 * EDGE);
  let path = "";
  let down = false;
  for (const [step, value] of points) {
    const seen = Number.isFinite(value);
    if (seen) path += `${down ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    down = seen;
  }
  const [step, value] = known.at(-1) as readonly [number, number];
  return { path, end: [x(step), y(value)] };
}

export function Sparkline({ series, colour }: { series: Series | undefined; colour: string }) {
  const drawn = series && series.total > 1 ? curve(series) : null;
  if (!series || !drawn) return <svg className="nbt-spark" width={WIDTH} height={HEIGHT} aria-hidden="true" />;
  const ends = [series.values[0], series.values.at(-1)].map((one) => number(toNumber(one)));
  return (
    <svg
      className="nbt-spark"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Curve of ${series.total} points, from ${ends[0]} to ${ends[1]}`}
    >
      <path d={drawn.path} stroke={colour} />
      <circle cx={drawn.end[0]} cy={drawn.end[1]} r="2" fill={colour} />
    </svg>
  );
}
