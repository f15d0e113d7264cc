import { describe, expect, it } from "vitest";
import type { Column } from "../../../lib/columns";
import { columnsIn, firstWhere, LEAD, layoutOf, naturalWidth, ROW, reach, rowsIn } from "./layout";

const column = (id: string): Column => {
  const [kind, label] = id.includes(".") ? id.split(".") : ["meta", id];
  return { id, kind: kind as Column["kind"], label: label ?? "", numeric: kind === "metrics", runs: 1, better: null };
};
const SEEN = ["name", "status", "metrics.acc", "params.lr"].map(column);

describe("where columns stand", () => {
  it("holds those that are pinned at the left and puts the others after them", () => {
    const { held, free, heldWidth, width } = layoutOf(SEEN, new Set(["name"]), () => 100, 1000);
    expect(held.map(({ column: { id }, left }) => [id, left])).toEqual([["name", LEAD]]);
    expect(free.map(({ left }) => left)).toEqual([LEAD + 100, LEAD + 200, LEAD + 300]);
    expect([heldWidth, width]).toEqual([LEAD + 100, LEAD + 400]);
  });

  it("holds no more than there is room for, and always the first", () => {
    const pinned = new Set(["name", "status", "metrics.acc"]);
    expect(layoutOf(SEEN, pinned, () => 200, LEAD + 450).held).toHaveLength(2);
    const narrow = layoutOf(SEEN, pinned, () => 200, 100);
    expect(narrow.held).toHaveLength(1);
    expect(narrow.free.map(({ left }) => left)).toEqual([LEAD + 200, LEAD + 400, LEAD + 600]);
  });

  it("finds the columns in sight among ten thousand", () => {
    const many = Array.from({ length: 10_000 }, (_, at) => column(`params.p${at}`));
    const { free } = layoutOf(many, new Set(), () => 100, 1000);
    expect(columnsIn(free, LEAD + 5000, LEAD + 5400)).toEqual([50, 54]);
    expect(columnsIn(free, LEAD + 5001, LEAD + 5399)).toEqual([50, 54]);
    expect(columnsIn(free, 0, 0)).toEqual([0, 0]);
    expect(columnsIn(free, 2_000_000, 2_001_000)).toEqual([10_000, 10_000]);
  });

  it("gives a column room for its heading, but not for all of a name of a thousand letters", () => {
    const none = { curves: false, deltas: 0 };
    expect(naturalWidth(column("metrics.acc"), none)).toBe(92);
    expect(naturalWidth(column("metrics.acc"), { curves: true, deltas: 0 })).toBeGreaterThan(92);
    expect(naturalWidth(column(`params.${"n".repeat(1000)}`), none)).toBeLessThan(240);
  });
});

describe("which rows are in sight", () => {
  it("draws more than is seen, and the same for a small step", () => {
    const [first, last] = rowsIn(100 * ROW, 10 * ROW, 1000);
    expect(first).toBeLessThanOrEqual(90);
    expect(last).toBeGreaterThanOrEqual(120);
    expect(rowsIn(100 * ROW + 20, 10 * ROW, 1000)).toEqual(rowsIn(100 * ROW + 25, 10 * ROW, 1000));
  });

  it("stays within the rows there are", () => {
    expect(rowsIn(0, 500, 3)).toEqual([0, 3]);
    expect(rowsIn(99_999, 500, 3)).toEqual([3, 3]);
    expect(rowsIn(0, 500, 0)).toEqual([0, 0]);
  });

  it("scrolls only as far as something needs to be seen", () => {
    expect(reach(300, 310, 340, 0, 200)).toBe(300);
    expect(reach(300, 100, 130, 0, 200)).toBe(100);
    expect(reach(300, 600, 630, 0, 200)).toBe(430);
    // Below what is held at the left nothing is seen.
    expect(reach(300, 350, 450, 200, 800)).toBe(150);
  });

  it("finds the first place of a property by halving", () => {
    for (const count of [0, 1, 2, 7, 100]) {
      for (let from = 0; from <= count; from++) expect(firstWhere(count, (at) => at >= from)).toBe(from);
    }
  });
});
