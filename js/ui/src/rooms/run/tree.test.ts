import { expect, test } from "vitest";
import { treeRows } from "./tree";

const shown = (names: string[], toggled: string[] = [], separators?: RegExp, allOpen = false) =>
  treeRows(names, (name) => name, new Set(toggled), separators, allOpen).map((row) =>
    row.kind === "branch"
      ? `${"  ".repeat(row.depth)}${row.open ? "-" : "+"} ${row.label} (${row.count})`
      : `${"  ".repeat(row.depth)}${row.label}`,
  );

test("names with dots and slashes are a tree", () => {
  expect(shown(["lr", "model.encoder.layers", "model.encoder.heads", "model.name", "data/train/rows"])).toEqual([
    "lr",
    "- model. (3)",
    "  name",
    "  - encoder. (2)",
    "    layers",
    "    heads",
    "data/train/rows",
  ]);
});

test("a part that leads to one branch only is no branch of its own", () => {
  expect(shown(["a.b.c.x", "a.b.c.y"])).toEqual(["- a.b.c. (2)", "  x", "  y"]);
});

test("a click closes a branch that was open, and opens a long one that was closed", () => {
  expect(shown(["a.x", "a.y"], ["a."])).toEqual(["+ a. (2)"]);
  const many = Array.from({ length: 61 }, (_, at) => `grid/p${at}`);
  expect(shown(many)).toEqual(["+ grid/ (61)"]);
  expect(shown(many, ["grid/"])).toHaveLength(62);
  expect(shown(many, [], undefined, true)).toHaveLength(62);
});

test("the path of a leaf is its whole name, whatever is in it", () => {
  const names = ["..", "a..b", "/x", "a/", ".", "", "a.<img src=x>", "__proto__.x", "constructor"];
  const leaves = treeRows(names, (name) => name).filter((row) => row.kind === "leaf");
  expect(leaves.map((row) => row.path).sort()).toEqual([...names].sort());
});

test("a name of a thousand parts does not make a thousand levels", () => {
  const deep = (end: string) => `${"a.".repeat(1000)}${end}`;
  const rows = treeRows([deep("x"), deep("y")], (name) => name);
  expect(Math.max(...rows.map(({ depth }) => depth))).toBeLessThan(14);
  expect(rows.at(-1)?.path).toBe(deep("y"));
});

test("files are a tree by slashes only", () => {
  expect(shown(["a.b.txt", "a.c.txt"], [], /(?<=\/)/)).toEqual(["a.b.txt", "a.c.txt"]);
});
