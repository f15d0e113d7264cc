import { describe, expect, it } from "vitest";
import { cut, distance, nearest, rowsAt } from "./near";
import { lineOf } from "./testing";

describe("nearest", () => {
  const line = lineOf([0, 10, 10, 20], [1, 2, 3, 4]);
  it("is the point whose x is nearest, of equal ones the last logged", () => {
    expect(nearest(line, 9, 5)).toBe(2);
    expect(nearest(line, 14, 5)).toBe(2);
    expect(nearest(line, 16, 5)).toBe(3);
    expect(nearest(lineOf([5, 5, 9], [1, 2, 3]), 1, 5)).toBe(1);
  });
  it("is there between two points, however far they are, but not beyond the ends", () => {
    const far = lineOf([0, 1000], [1, 2]);
    expect(nearest(far, 400, 5)).toBe(0);
    expect(nearest(far, 1003, 5)).toBe(1);
    expect(nearest(far, 1006, 5)).toBeNull();
    expect(nearest(lineOf([], []), 1, 5)).toBeNull();
  });
  it("finds its way in lines that go back", () => {
    expect(nearest(lineOf([0, 5, 10, 3, 6], [1, 2, 3, 4, 5]), 6, 2)).toBe(4);
    expect(nearest(lineOf([0, 5, Number.NaN, 3], [1, 2, 3, 4], { ascending: false }), 3.2, 2)).toBe(3);
  });
  it("is the same as looking at every point", () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (let n = 0; n < 200; n++) {
      const xs = Array.from({ length: 1 + Math.floor(random() * 12) }, () => Math.floor(random() * 20)).sort(
        (a, b) => a - b,
      );
      const x = random() * 22 - 1;
      const all = lineOf(xs, xs, { ascending: false });
      const [one, other] = [nearest(lineOf(xs, xs), x, 99), nearest(all, x, 99)];
      expect(Math.abs((xs[one as number] as number) - x)).toBe(Math.abs((xs[other as number] as number) - x));
    }
  });
});

describe("rowsAt", () => {
  it("has the highest first, infinities in their place, NaN last", () => {
    const lines = [2, Number.NaN, Infinity, -Infinity, 5].map((y, i) => lineOf([0, 1], [y, y], { id: String(i) }));
    expect(rowsAt(lines, 1, 1).map(({ value }) => value)).toEqual([Infinity, 5, 2, -Infinity, Number.NaN]);
  });
  it("leaves out lines that do not reach", () => {
    const lines = [lineOf([0, 1], [1, 1], { id: "short" }), lineOf([0, 9], [2, 2], { id: "long" })];
    expect(rowsAt(lines, 8, 1).map(({ line }) => line.id)).toEqual(["long"]);
  });
});

it("a long list is cut, but never without the one that is pointed at", () => {
  const rows = [1, 2, 3, 4, 5];
  expect(cut(rows, 5, () => false)).toEqual({ rows, more: 0 });
  expect(cut(rows, 3, (one) => one === 2)).toEqual({ rows: [1, 2, 3], more: 2 });
  expect(cut(rows, 3, (one) => one === 5)).toEqual({ rows: [1, 2, 5], more: 2 });
});

describe("distance", () => {
  const toX = (x: number) => 10 * x;
  const toY = (y: number) => 100 - 10 * y;
  const line = lineOf([0, 10], [0, 10]);
  it("is to the stroke, not to the points", () => {
    expect(distance(line, toX, toY, [50, 50], 20)).toBeCloseTo(0, 9);
    expect(distance(line, toX, toY, [50, 40], 20)).toBeCloseTo(Math.hypot(5, 5), 9);
    expect(distance(line, toX, toY, [50, 0], 20)).toBe(Infinity);
  });
  it("is nothing to a gap", () => {
    expect(distance(lineOf([0, 5, 10], [0, Number.NaN, 10]), toX, toY, [50, 50], 20)).toBe(Infinity);
    expect(distance(lineOf([5], [5]), toX, toY, [52, 50], 20)).toBe(2);
  });
  it("finds strokes that go back", () => {
    expect(distance(lineOf([0, 10, 2], [0, 10, 10]), toX, toY, [50, 2], 20)).toBeCloseTo(2, 9);
  });
});
