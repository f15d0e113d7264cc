// Where the columns stand, and which rows and columns are in sight.
import type { Column } from "../../../lib/columns";

export const ROW = 30; // pixels, as --nbt-row
/** Checkbox, eye and star at the left of every row. */
export const LEAD = 84;
export const NARROWEST = 48;
export const WIDEST = 900;

export interface Placed {
  column: Column;
  left: number;
  width: number;
  /** Its place among all columns that are seen, from 0. */
  place: number;
}

export interface Layout {
  /** Held at the left; their `left` counts from the table's edge. */
  held: Placed[];
  /** The others; their `left` counts from the edge of the table too. */
  free: Placed[];
  heldWidth: number;
  width: number;
}

/** Columns that are held come first in `seen`. Not more than `most` pixels are held: the others have to have room. */
export function layoutOf(
  seen: readonly Column[],
  pinned: ReadonlySet<string>,
  widthOf: (column: Column) => number,
  most: number,
): Layout {
  const held: Placed[] = [];
  const free: Placed[] = [];
  let left = LEAD;
  let heldWidth = LEAD;
  let holding = true;
  seen.forEach((column, place) => {
    const width = widthOf(column);
    holding &&= pinned.has(column.id) && (left + width <= most || held.length === 0);
    (holding ? held : free).push({ column, left, width, place });
    left += width;
    if (holding) heldWidth = left;
  });
  return { held, free, heldWidth, width: left };
}

/** The first and the last (exclusive) of the placed columns that overlap `from` … `to`. */
export function columnsIn(placed: readonly Placed[], from: number, to: number): [number, number] {
  const start = firstWhere(placed.length, (at) => end(placed[at]) > from);
  const stop = firstWhere(placed.length, (at) => (placed[at]?.left ?? 0) >= to);
  return [start, Math.max(start, stop)];
}

function end(one: Placed | undefined): number {
  return one ? one.left + one.width : 0;
}

/** The first place at which something is true, that is true for all after it. */
export function firstWhere(count: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The rows in sight, `over` more on both sides, rounded so that a small step changes nothing. */
export function rowsIn(top: number, height: number, count: number, over = 10, round = 5): [number, number] {
  const first = Math.floor((Math.floor(top / ROW) - over) / round) * round;
  const last = Math.ceil((Math.ceil((top + height) / ROW) + over) / round) * round;
  return [Math.max(0, Math.min(first, count)), Math.max(0, Math.min(last, count))];
}

/** Where to scroll so that `start` … `end` is in sight between two edges; the present place if it is. */
export function reach(now: number, start: number, end: number, before: number, size: number): number {
  if (start < now + before) return Math.max(0, start - before);
  return end > now + size ? end - size : now;
}

const META: Record<string, number> = {
  name: 210,
  status: 100,
  started: 100,
  duration: 84,
  experiment: 120,
  notebook: 150,
  tags: 210,
  note: 230,
};
const LETTER = 7.2; // pixels of a letter in a heading, about

export interface Extras {
  /** Cells of metrics have a small curve. */
  curves: boolean;
  /** Pixels for differences to the baseline. */
  deltas: number;
}

/** How wide a column is as long as nobody says otherwise. */
export function naturalWidth({ id, kind, label, numeric }: Column, { curves, deltas }: Extras): number {
  const own = META[id];
  if (own) return own;
  const heading = Math.min(label.length, 24) * LETTER + 30;
  // Where there are differences to the baseline they take the place of the small curves, unless there is room for both.
  if (kind === "metrics") return Math.round(Math.max(92 + (deltas || (curves ? 44 : 0)), heading));
  return Math.round(Math.max(numeric ? 84 : 108, heading));
}
