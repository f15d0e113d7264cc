// How far the axes reach.
import type { Line, Stroke } from "./line";

export type Range = [low: number, high: number];

/** From the first to the last x of all lines; null where there is none. */
export function xRange(lines: readonly Line[]): Range | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (x: number) => {
    if (x < low && x !== Number.NEGATIVE_INFINITY) low = x;
    if (x > high && x !== Number.POSITIVE_INFINITY) high = x;
  };
  for (const { x, length, ascending } of lines) {
    if (!length) continue;
    if (ascending) {
      take(x[0] as number);
      take(x[length - 1] as number);
    } else for (let i = 0; i < length; i++) take(x[i] as number);
  }
  return low <= high ? [low, high] : null;
}

export interface YOptions {
  /** Only what lies in this part of x counts. */
  window: Range | null;
  /** Leave out what is beyond the 5th and 95th percentile. */
  clip: boolean;
}

const SAMPLE = 20_000; // values that the percentiles are told from

/** The lowest and highest finite y that is seen, or its percentiles; null where there is none. */
export function yRange(lines: readonly Line[], { window, clip }: YOptions): Range | null {
  if (clip) return percentiles(lines, window);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (y: number) => {
    if (y < low && y !== Number.NEGATIVE_INFINITY) low = y;
    if (y > high && y !== Number.POSITIVE_INFINITY) high = y;
  };
  for (const line of lines) {
    eachSeen(line, line.y, window, take);
    if (line.raw) eachSeen(line.raw, line.raw.y, window, take);
    if (line.band) eachSeen(line, line.band.high, window, take);
    // The lower edge on a log axis may be "below everything": the mean says how far down it is worth to look.
    if (line.band) eachSeen(line, line.band.low, window, (y) => y > -999 && take(y));
  }
  return low <= high ? [low, high] : null;
}

/** Every y inside of the window, and where the line crosses its edges. */
function eachSeen(line: Stroke, values: Float64Array, window: Range | null, take: (y: number) => void): void {
  const { x, length } = line;
  if (!window) {
    for (let i = 0; i < length; i++) take(values[i] as number);
    return;
  }
  const [from, to] = window;
  for (let i = 0; i < length; i++) {
    const at = x[i] as number;
    if (at >= from && at <= to) take(values[i] as number);
    const before = i ? (x[i - 1] as number) : at;
    if (before < from !== at < from) take(between(x, values, i, from));
    if (before < to !== at < to) take(between(x, values, i, to));
  }
}

/** Where the stroke to point `i` crosses a place of x; NaN, which no range takes, where it does not. */
function between(x: Float64Array, y: Float64Array, i: number, edge: number): number {
  const [ax, bx, ay, by] = [x[i - 1] as number, x[i] as number, y[i - 1] as number, y[i] as number];
  return ay + ((edge - ax) / (bx - ax)) * (by - ay);
}

function percentiles(lines: readonly Line[], window: Range | null): Range | null {
  const all = lines.reduce((sum, { length }) => sum + length, 0);
  const stride = Math.max(1, Math.ceil(all / SAMPLE));
  const found: number[] = [];
  for (const { x, y, length } of lines) {
    for (let i = 0; i < length; i += stride) {
      const at = x[i] as number;
      if (window && !(at >= window[0] && at <= window[1])) continue;
      if (Number.isFinite(y[i])) found.push(y[i] as number);
    }
  }
  if (!found.length) return null;
  const sorted = Float64Array.from(found).sort();
  const low = quantile(sorted, 0.05);
  const high = quantile(sorted, 0.95);
  return low < high ? [low, high] : [sorted[0] as number, sorted.at(-1) as number];
}

/** Between the two values nearest to it, as numpy's `percentile` has it. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const place = part * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}

/** With some air; a range for a single value too. */
export function padded([low, high]: Range, part: number, log: boolean): Range {
  const span = high - low;
  if (span > 0) {
    const air = span * part;
    return Number.isFinite(span) ? [low - air, high + air] : [low, high];
  }
  const air = log ? 0.3 : Math.abs(low) * 0.1 || 1;
  return [low - air, high + air];
}

/**
 * While runs go on, an axis stands still for as long as it fits: what is on the screen then stays, and only what is new
 * has to be painted. `before` fits as long as it has room for `now`, and not much too much.
 */
export function held(before: Range | null, now: Range, most: number): boolean {
  if (!before) return false;
  const span = before[1] - before[0];
  return before[0] <= now[0] && now[1] <= before[1] && now[1] - now[0] >= span * (1 - most);
}
