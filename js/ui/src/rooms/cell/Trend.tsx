// Two curves the size of a word: the main metric from run to run, and of one run while it goes on.
import type { BriefRow, Num } from "../../contract";
import { number, toNumber } from "../../lib/format";
import { metricOf, shownMetric } from "./words";

const HEIGHT = 16;
const EDGE = 3;

type Point = readonly [x: number, y: number];

/** Where the values stand in a picture of `width`; null for those that are no number. */
export function places(values: readonly number[], width: number): (Point | null)[] {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const right = Math.max(1, values.length - 1);
  return values.map((value, at) => {
    if (!Number.isFinite(value)) return null;
    const up = high > low ? (value - low) / (high - low) : 0.5;
    return [EDGE + (at / right) * (width - 2 * EDGE), HEIGHT - EDGE - up * (HEIGHT - 2 * EDGE)] as const;
  });
}

/** A line through the places, broken where there is none. */
export function path(points: readonly (Point | null)[]): string {
  let drawn = "";
  let down = false;
  for (const point of points) {
    if (point) drawn += `${down ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    down = point !== null;
  }
  return drawn;
}

const TREND = 64;

/** The main metric over the runs, the oldest on the left; the best has a ring. */
export function Trend({ runs, best }: { runs: readonly BriefRow[]; best: string | null }) {
  const metric = shownMetric(runs);
  const ordered = [...runs].reverse();
  const values = ordered.map((run) => metricOf(run, metric?.name));
  const known = values.filter(Number.isFinite);
  // Holds its place without a curve, so that nothing moves when there is one.
  if (known.length < 2) return <svg className="nbt-cell-trend" width={TREND} height={HEIGHT} aria-hidden="true" />;
  const points = places(values, TREND);
  const bestAt = points[ordered.findIndex(({ id }) => id === best)];
  const last = points.findLast((one) => one !== null);
  const label = `${metric?.name} over ${known.length} runs, from ${number(known[0] ?? 0)} to ${number(known.at(-1) ?? 0)}`;
  return (
    <svg
      className="nbt-cell-trend"
      width={TREND}
      height={HEIGHT}
      viewBox={`0 0 ${TREND} ${HEIGHT}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <path d={path(points)} />
      {last && <circle className="nbt-cell-last" cx={last[0]} cy={last[1]} r="1.7" />}
      {bestAt && <circle className="nbt-cell-best-ring" cx={bestAt[0]} cy={bestAt[1]} r="2.6" />}
    </svg>
  );
}

const LIVE = 48;

/** A run's own curve as far as it is. */
export function Live({ spark, colour }: { spark: readonly Num[]; colour: string }) {
  const points = places(spark.map(toNumber), LIVE);
  const last = points.findLast((one) => one !== null);
  return (
    <svg className="nbt-cell-live" width={LIVE} height={HEIGHT} viewBox={`0 0 ${LIVE} ${HEIGHT}`} aria-hidden="true">
      <path d={path(points)} stroke={colour} />
      {last && <circle cx={last[0]} cy={last[1]} r="2" fill={colour} />}
    </svg>
  );
}
