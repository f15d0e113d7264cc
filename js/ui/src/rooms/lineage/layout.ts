// Where the cells of a run's history stand, and how the lines between them go: in layers, each cell below all those
// that it takes something from. Plain numbers; nothing is drawn here.

export interface Link {
  source: number;
  target: number;
}

export interface Sizes {
  width: number;
  height: number;
  /** Between cells side by side, and between layers. */
  gapX: number;
  gapY: number;
}

export interface Placed<L extends Link> {
  /** The left upper corner of each cell, by its number. */
  cells: Map<number, { x: number; y: number; layer: number }>;
  lines: Line<L>[];
  width: number;
  height: number;
}

export interface Line<L extends Link> {
  link: L;
  path: string;
  /** Where it ends, and where words can stand on it: near the one cell, and near the other. */
  tip: Point;
  early: Point;
  late: Point;
}

export interface Point {
  x: number;
  y: number;
}

/** A cell, or a place where a long line passes a layer; `slot` is its place in the layer from the left. */
interface Spot {
  number: number | null;
  layer: number;
  slot: number;
  /** The middle. */
  x: number;
  wide: number;
  above: Spot[];
  below: Spot[];
}

const PASSING = 14; // pixels that a line takes between two cells
const MOST_PASSING = 3000; // of them: beyond, long lines go straight
const SWEEPS = 10;
const STIFF = 6; // how much straighter a long line wants to be than a short one
const EDGE = 1; // pixels that a border needs
const PORTS = 0.7; // part of a cell's width that lines begin and end on

/** numbers: of the cells, in the order they ran; a line that does not lead on in that order is left out. */
export function layOut<L extends Link>(numbers: readonly number[], links: readonly L[], sizes: Sizes): Placed<L> {
  const place = new Map(numbers.map((number, at) => [number, at]));
  const known = links.filter(({ source, target }) => (place.get(source) ?? 1) < (place.get(target) ?? 0));
  const layers = layersOf(numbers, known);
  const cells = new Map<number, Spot>();
  for (const number of numbers) cells.set(number, spot(number, layers.get(number) ?? 0, sizes.width));
  const ways = threaded(known, cells);
  const rows = inRows([...new Set([...cells.values(), ...ways.flatMap(({ spots }) => spots)])]);
  untangle(rows);
  spread(rows, sizes.gapX);
  const left = Math.min(0, ...rows.flat().map((one) => one.x - one.wide / 2)) - EDGE;
  for (const one of rows.flat()) one.x -= left;
  const top = (layer: number) => EDGE + layer * (sizes.height + sizes.gapY);
  const right = Math.max(0, ...rows.flat().map((one) => one.x + one.wide / 2)) + EDGE;
  return {
    cells: new Map(
      [...cells].map(([number, { x, wide, layer }]) => [number, { x: x - wide / 2, y: top(layer), layer }]),
    ),
    lines: drawn(ways, top, sizes.height),
    width: Math.ceil(right),
    height: rows.length ? top(rows.length - 1) + sizes.height + EDGE : 0,
  };
}

const spot = (number: number | null, layer: number, wide: number): Spot => ({
  number,
  layer,
  slot: 0,
  x: 0,
  wide,
  above: [],
  below: [],
});

/** As far down as what each needs demands; those that need nothing stand just above the first that needs them. */
function layersOf(numbers: readonly number[], links: readonly Link[]): Map<number, number> {
  const layer = new Map(numbers.map((number) => [number, 0]));
  const [into, from] = [gathered(links, "target"), gathered(links, "source")];
  for (const number of numbers) {
    for (const { source } of into.get(number) ?? []) {
      layer.set(number, Math.max(layer.get(number) ?? 0, (layer.get(source) ?? 0) + 1));
    }
  }
  for (const number of [...numbers].reverse()) {
    const users = (from.get(number) ?? []).map(({ target }) => layer.get(target) ?? 0);
    if (users.length && !into.has(number)) layer.set(number, Math.min(...users) - 1);
  }
  return layer;
}

function gathered(links: readonly Link[], by: "source" | "target"): Map<number, Link[]> {
  const found = new Map<number, Link[]>();
  for (const link of links) found.set(link[by], [...(found.get(link[by]) ?? []), link]);
  return found;
}

interface Way<L> {
  link: L;
  /** From the source to the target, with the places between. */
  spots: Spot[];
}

function threaded<L extends Link>(links: readonly L[], cells: ReadonlyMap<number, Spot>): Way<L>[] {
  let passing = 0;
  return links.flatMap((link) => {
    const [first, last] = [cells.get(link.source), cells.get(link.target)];
    if (!first || !last) return [];
    const spots = [first];
    passing += last.layer - first.layer - 1;
    if (passing <= MOST_PASSING) {
      for (let layer = first.layer + 1; layer < last.layer; layer++) spots.push(spot(null, layer, PASSING));
      spots.push(last);
      for (let at = 1; at < spots.length; at++) {
        spots[at]?.above.push(spots[at - 1] as Spot);
        spots[at - 1]?.below.push(spots[at] as Spot);
      }
    } else spots.push(last);
    return [{ link, spots }];
  });
}

function inRows(spots: readonly Spot[]): Spot[][] {
  const rows: Spot[][] = [];
  for (const one of spots) {
    while (rows.length <= one.layer) rows.push([]);
    const row = rows[one.layer] as Spot[];
    one.slot = row.length;
    row.push(one);
  }
  return rows;
}

/** Sorts each layer by the middle of what its cells are tied to, down and up, and keeps the order with fewest crossings. */
function untangle(rows: Spot[][]): void {
  let best = rows.map((row) => [...row]);
  let fewest = crossings(rows);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      const middle = new Map(row.map((one) => [one, meanSlot(down ? one.above : one.below, one.slot)]));
      row.sort((a, b) => (middle.get(a) ?? 0) - (middle.get(b) ?? 0) || a.slot - b.slot);
      numbered(row);
    }
    const now = crossings(rows);
    if (now < fewest) [best, fewest] = [rows.map((row) => [...row]), now];
  }
  rows.splice(0, rows.length, ...best);
  for (const row of rows) numbered(row);
}

function numbered(row: Spot[]): void {
  for (const [at, one] of row.entries()) one.slot = at;
}

const meanSlot = (spots: readonly Spot[], none: number): number =>
  spots.length ? spots.reduce((sum, { slot }) => sum + slot, 0) / spots.length : none;

function crossings(rows: readonly Spot[][]): number {
  let count = 0;
  for (const row of rows) {
    const ends = row.flatMap((one) => one.below.map(({ slot }) => slot).sort((a, b) => a - b));
    for (let at = 0; at < ends.length; at++)
      for (let other = at + 1; other < ends.length; other++) if ((ends[at] ?? 0) > (ends[other] ?? 0)) count++;
  }
  return count;
}

/** Gives every place its x: as near as it gets to what it is tied to, in the order of its layer. */
function spread(rows: readonly Spot[][], gap: number): void {
  for (const row of rows) settle(row, gap, () => ({ wish: 0, weight: 1 }));
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : [...rows].reverse()) {
      settle(row, gap, (one) => {
        const tied = down ? one.above : one.below;
        const stiff = (other: Spot) => (one.number === null && other.number === null ? STIFF : 1);
        const weight = tied.reduce((sum, other) => sum + stiff(other), 0);
        if (!weight) return { wish: one.x, weight: 0.2 };
        return { wish: tied.reduce((sum, other) => sum + other.x * stiff(other), 0) / weight, weight };
      });
    }
  }
}

/** Least squares under the order and the distances of a row: neighbours that get in one another's way move as one. */
function settle(row: readonly Spot[], gap: number, wishOf: (one: Spot) => { wish: number; weight: number }): void {
  const blocks: { wish: number; weight: number; spots: { one: Spot; offset: number }[] }[] = [];
  let offset = 0;
  row.forEach((one, at) => {
    const before = row[at - 1];
    if (before) offset += (before.wide + one.wide) / 2 + (before.number === null && one.number === null ? 2 : gap);
    const { wish, weight } = wishOf(one);
    let block = { wish: wish - offset, weight, spots: [{ one, offset }] };
    for (let last = blocks.at(-1); last && last.wish > block.wish; last = blocks.at(-1)) {
      const both = last.weight + block.weight;
      block = {
        wish: (last.wish * last.weight + block.wish * block.weight) / both,
        weight: both,
        spots: [...last.spots, ...block.spots],
      };
      blocks.pop();
    }
    blocks.push(block);
  });
  for (const { wish, spots } of blocks) for (const { one, offset: own } of spots) one.x = wish + own;
}

function drawn<L extends Link>(ways: readonly Way<L>[], top: (layer: number) => number, height: number): Line<L>[] {
  const [starts, ends] = [ports(ways, "start"), ports(ways, "end")];
  return ways.map((way) => {
    const points: Point[] = [];
    way.spots.forEach((one, at) => {
      const y = top(one.layer);
      if (at === 0) points.push({ x: starts.get(way) ?? one.x, y: y + height });
      else if (at === way.spots.length - 1) points.push({ x: ends.get(way) ?? one.x, y });
      else points.push({ x: one.x, y }, { x: one.x, y: y + height });
    });
    const tip = points.at(-1) ?? NOWHERE;
    const [early, late] = [between(points[0], points[1]), between(points.at(-2), tip)];
    return { link: way.link, path: curve(points), tip, early, late };
  });
}

/** Lines of one cell begin, or end, side by side, in the order of where they go. */
function ports<L>(ways: readonly Way<L>[], side: "start" | "end"): Map<Way<L>, number> {
  const own = (way: Way<L>) => (side === "start" ? way.spots[0] : way.spots.at(-1));
  const next = (way: Way<L>) => (side === "start" ? way.spots[1] : way.spots.at(-2));
  const by = new Map<Spot | undefined, Way<L>[]>();
  for (const way of ways) by.set(own(way), [...(by.get(own(way)) ?? []), way]);
  const found = new Map<Way<L>, number>();
  for (const [one, mine] of by) {
    if (!one) continue;
    mine.sort((a, b) => (next(a)?.x ?? 0) - (next(b)?.x ?? 0));
    const step = Math.min(18, (one.wide * PORTS) / mine.length);
    for (const [at, way] of mine.entries()) found.set(way, one.x + (at - (mine.length - 1) / 2) * step);
  }
  return found;
}

function curve(points: readonly Point[]): string {
  const at = (x: number, y: number) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  return points
    .map(({ x, y }, place) => {
      const before = points[place - 1];
      if (!before) return `M${at(x, y)}`;
      if (Math.abs(before.x - x) < 0.5) return `L${at(x, y)}`;
      const half = (before.y + y) / 2;
      return `C${at(before.x, half)} ${at(x, half)} ${at(x, y)}`;
    })
    .join("");
}

const NOWHERE: Point = { x: 0, y: 0 };

const between = (a = NOWHERE, b = NOWHERE): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
