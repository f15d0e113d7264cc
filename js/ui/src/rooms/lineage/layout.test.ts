import { expect, test } from "vitest";
import { layOut } from "./layout";

const SIZES = { width: 100, height: 40, gapX: 20, gapY: 30 };
const link = (source: number, target: number) => ({ source, target });
const lay = (numbers: number[], links: { source: number; target: number }[]) => layOut(numbers, links, SIZES);

test("a cell stands below all that it takes from, and one that takes nothing just above its first user", () => {
  const { cells } = lay([1, 2, 3, 4, 5], [link(1, 2), link(2, 3), link(3, 5), link(4, 5)]);
  expect([1, 2, 3, 4, 5].map((one) => cells.get(one)?.layer)).toEqual([0, 1, 2, 2, 3]);
});

test("cells of one layer never lie on one another, and all lie inside", () => {
  const numbers = Array.from({ length: 60 }, (_, at) => at + 1);
  const links = numbers.flatMap((one) => [link(Math.ceil(one / 3), one), link(one - 7, one), link(1, one)]);
  const { cells, width, height } = lay(numbers, links);
  const placed = [...cells.values()];
  expect(placed).toHaveLength(60);
  for (const one of placed) {
    expect(one.x).toBeGreaterThanOrEqual(0);
    expect(one.x + SIZES.width).toBeLessThanOrEqual(width);
    expect(one.y + SIZES.height).toBeLessThanOrEqual(height);
    for (const other of placed)
      if (other !== one && other.layer === one.layer)
        expect(Math.abs(other.x - one.x)).toBeGreaterThanOrEqual(SIZES.width + SIZES.gapX - 0.01);
  }
});

test("a chain stands straight, one below the other", () => {
  const { cells } = lay([3, 5, 9], [link(3, 5), link(5, 9)]);
  expect(new Set([...cells.values()].map(({ x }) => Math.round(x))).size).toBe(1);
});

test("lines that cross by the order of the cells are untangled", () => {
  // 1 → 4 and 2 → 3: drawn in the order of the numbers, they would cross.
  const { cells } = lay([1, 2, 3, 4, 5], [link(1, 4), link(2, 3), link(3, 5), link(4, 5)]);
  const x = (one: number) => cells.get(one)?.x ?? 0;
  expect(Math.sign(x(1) - x(2))).toBe(Math.sign(x(4) - x(3)));
});

test("a long line goes past the cells between, not through them", () => {
  const { cells, lines } = lay([1, 2, 3], [link(1, 2), link(2, 3), link(1, 3)]);
  const long = lines.find(({ link: { source, target } }) => source === 1 && target === 3);
  const between = cells.get(2);
  const beside = [...(long?.path.matchAll(/L([\d.]+) ([\d.]+)/g) ?? [])].map(([, x]) => Number(x));
  expect(beside.length).toBeGreaterThan(0);
  for (const x of beside) expect(x < (between?.x ?? 0) || x > (between?.x ?? 0) + SIZES.width).toBe(true);
});

test("lines to nowhere, to themselves and back are left out", () => {
  const { lines } = lay([1, 2], [link(1, 2), link(2, 1), link(1, 1), link(1, 7), link(8, 2)]);
  expect(lines.map(({ link: one }) => one)).toEqual([link(1, 2)]);
});

test("none and one are drawn too", () => {
  expect(lay([], [])).toMatchObject({ lines: [], height: 0 });
  expect(lay([4], []).cells.get(4)).toMatchObject({ layer: 0 });
});
