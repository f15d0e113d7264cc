import { describe, expect, it } from "vitest";
import type { Key } from "../contract";
import { inOrder, moved, seenColumns, steady } from "./arrange";
import { allColumns } from "./columns";

const key = (kind: Key["kind"], name: string): Key => ({ kind, name, runs: 3, types: ["float"], better: null });
const COLUMNS = allColumns([key("metric", "acc"), key("metric", "loss"), key("param", "depth"), key("param", "lr")]);
const IDS = COLUMNS.map((column) => column.id);
const PLAIN = { order: [], visible: {}, pinnedColumns: [], onlyDiffering: false };

describe("the order of columns", () => {
  it("puts those that are named first and the others after them", () => {
    const found = inOrder(COLUMNS, ["params.lr", "gone", "name", "params.lr"]).map((column) => column.id);
    expect(found.slice(0, 2)).toEqual(["params.lr", "name"]);
    expect(found).toHaveLength(IDS.length);
  });

  it("names only as much as differs from the order that comes by itself", () => {
    expect(moved(COLUMNS, [], "status", "name")).toEqual(["status"]);
    expect(moved(COLUMNS, ["status"], "name", "status")).toEqual([]);
    const later = moved(COLUMNS, [], "metrics.acc", null);
    expect(inOrder(COLUMNS, later).at(-1)?.id).toBe("metrics.acc");
  });

  it("gives what was asked for after any number of moves", () => {
    let order: string[] = [];
    let expected = [...IDS];
    let seed = 7;
    const chance = (most: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % most;
    };
    for (let turn = 0; turn < 200; turn++) {
      const id = expected[chance(expected.length)] ?? "";
      const before = expected[chance(expected.length)] ?? "";
      order = moved(COLUMNS, order, id, before);
      if (id !== before) {
        expected = expected.filter((one) => one !== id);
        expected.splice(expected.indexOf(before), 0, id);
      }
      expect(inOrder(COLUMNS, order).map((column) => column.id)).toEqual(expected);
    }
  });
});

describe("the columns that are seen", () => {
  it("follows what was shown and hidden by hand, and else shows the first", () => {
    const seen = seenColumns(COLUMNS, { ...PLAIN, visible: { status: false, note: true } }, null);
    const ids = seen.map((column) => column.id);
    expect(ids).toContain("note");
    expect(ids).not.toContain("status");
    expect(ids).toContain("params.lr");
  });

  it("starts with those that are held at the left, in the order they were put there", () => {
    const seen = seenColumns(COLUMNS, { ...PLAIN, pinnedColumns: ["params.lr", "name"] }, null);
    expect(seen.slice(0, 3).map((column) => column.id)).toEqual(["params.lr", "name", "status"]);
  });

  it("leaves out params and tags that are the same in all runs, but none that are held", () => {
    const arrangement = { ...PLAIN, onlyDiffering: true, pinnedColumns: ["params.depth"] };
    const ids = seenColumns(COLUMNS, arrangement, new Set(["metrics.acc"])).map((column) => column.id);
    expect(ids).toEqual(["params.depth", "name", "status", "started", "duration", "metrics.acc", "metrics.loss"]);
    expect(seenColumns(COLUMNS, arrangement, null)).toHaveLength(8);
  });
});

describe("columns while runs come and go", () => {
  it("stay where they are, and new ones come last of their kind", () => {
    const later = allColumns([
      { ...key("metric", "loss"), runs: 9 },
      { ...key("metric", "f1"), runs: 8 },
      key("metric", "acc"),
      key("param", "lr"),
    ]);
    expect(later.map((column) => column.label).slice(-4)).toEqual(["loss", "f1", "acc", "lr"]);
    const kept = steady(later, COLUMNS);
    expect(kept.map((column) => column.label).slice(-4)).toEqual(["acc", "loss", "f1", "lr"]);
    expect(kept.find((column) => column.label === "loss")?.runs).toBe(9);
    expect(steady(later, [])).toEqual(later);
  });
});

it("shows the columns of the settings where nothing was said by hand, if the project has any of them", () => {
  const ids = (first: string[], visible = {}) =>
    seenColumns(COLUMNS, { ...PLAIN, visible, first }, null).map(({ id }) => id);
  expect(ids(["params.lr", "params.unknown"])).toEqual(["name", "params.lr"]);
  expect(ids(["params.lr"], { status: true, "params.lr": false })).toEqual(["name", "status"]);
  expect(ids(["params.unknown"])).toEqual(ids([]));
});
