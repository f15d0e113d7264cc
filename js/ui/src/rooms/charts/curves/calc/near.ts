// What lies under the crosshair.
import type { Line, Stroke } from "./line";

/** The point whose x is nearest, of several the one logged last; null where the line does not reach. */
export function nearest(line: Stroke & { ascending: boolean }, x: number, reach: number): number | null {
  const { length } = line;
  if (!length) return null;
  const at = line.ascending ? search(line.x, length, x) : scan(line.x, length, x);
  if (at === null) return null;
  const distance = Math.abs((line.x[at] as number) - x);
  if (distance <= reach) return at;
  // Between two of its points a line is there, however far they are from one another.
  const inside = line.ascending && (line.x[0] as number) <= x && x <= (line.x[length - 1] as number);
  return inside ? at : null;
}

function search(xs: Float64Array, length: number, x: number): number {
  let low = 0;
  let high = length; // the first that lies right of x
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return lastEqual(xs, length, 0);
  if (low === length) return length - 1;
  return x - (xs[low - 1] as number) <= (xs[low] as number) - x ? low - 1 : lastEqual(xs, length, low);
}

function lastEqual(xs: Float64Array, length: number, from: number): number {
  let at = from;
  while (at + 1 < length && xs[at + 1] === xs[from]) at++;
  return at;
}

function scan(xs: Float64Array, length: number, x: number): number | null {
  let found: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const distance = Math.abs((xs[i] as number) - x);
    if (distance <= least) {
      least = distance;
      found = i;
    }
  }
  return found;
}

export interface Row {
  line: Line;
  at: number;
  value: number;
  /** Before smoothing. */
  logged: number | null;
}

/** The values of all lines at x, the highest first, NaN last. */
export function rowsAt(lines: readonly Line[], x: number, reach: number): Row[] {
  const found: Row[] = [];
  for (const line of lines) {
    const at = nearest(line, x, reach);
    if (at !== null) found.push({ line, at, value: line.shown[at] as number, logged: line.logged(at) });
  }
  const rank = (one: number) => (Number.isNaN(one) ? Number.NEGATIVE_INFINITY : one);
  return found.sort(
    (a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || compare(rank(b.value), rank(a.value)),
  );
}

/** Also of two infinities, whose difference is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** At most `most` of the rows: the first ones, and the one that is pointed at wherever it stands. */
export function cut<T>(rows: readonly T[], most: number, held: (row: T) => boolean): { rows: T[]; more: number } {
  if (rows.length <= most) return { rows: [...rows], more: 0 };
  const first = rows.slice(0, most);
  const one = rows.findIndex(held);
  if (one >= most) first[most - 1] = rows[one] as T;
  return { rows: first, more: rows.length - most };
}

/** How far, in pixels, a place is from a line; Infinity beyond `reach`. */
export function distance(
  line: Line,
  toX: (x: number) => number,
  toY: (y: number) => number,
  [px, py]: readonly [number, number],
  reach: number,
): number {
  let best = Number.POSITIVE_INFINITY;
  const { x, y, length } = line;
  let [from, to] = [0, length - 1];
  if (line.ascending) {
    const at = search(x, length, inverse(toX, px));
    from = at;
    to = at;
    while (from > 0 && px - toX(x[from] as number) < reach) from--;
    while (to < length - 1 && toX(x[to] as number) - px < reach) to++;
  }
  for (let i = from; i <= to; i++) {
    const ax = toX(x[i] as number);
    const ay = toY(y[i] as number);
    if (!Number.isFinite(ax) || !Number.isFinite(ay)) continue;
    const bx = i < to ? toX(x[i + 1] as number) : ax;
    const by = i < to ? toY(y[i + 1] as number) : ay;
    if (Math.min(ax, bx) > px + reach || Math.max(ax, bx) < px - reach) continue;
    best = Math.min(best, toSegment(px, py, ax, ay, Number.isFinite(bx) ? bx : ax, Number.isFinite(by) ? by : ay));
  }
  return best <= reach ? best : Number.POSITIVE_INFINITY;
}

/** toX is a straight line: two of its places give it back. */
function inverse(toX: (x: number) => number, px: number): number {
  const zero = toX(0);
  return (px - zero) / (toX(1) - zero);
}

function toSegment(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const dx = bx - ax;
  const dy = by - ay;
  const square = dx * dx + dy * dy;
  const part = square ? Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / square)) : 0;
  return Math.hypot(px - (ax + part * dx), py - (ay + part * dy));
}
