import { expect, test } from "vitest";
import type { DiffLine } from "../../contract";
import { changedWords, pairs, unified } from "./diff";

let left = 0;
let right = 0;
const line = (kind: DiffLine["kind"], text: string): DiffLine => ({
  kind,
  text,
  left: kind === "left" || kind === "same" ? ++left : null,
  right: kind === "right" || kind === "same" ? ++right : null,
});
const cut = (text: string, ranges: readonly (readonly [number, number])[]) => ranges.map(([a, b]) => text.slice(a, b));

test("a removed line stands beside the one that came in its place", () => {
  const lines = [
    line("same", "a"),
    line("left", "lr = 0.1"),
    line("left", "b"),
    line("right", "lr = 0.2"),
    line("gap", "…"),
  ];
  const rows = pairs(lines);
  expect(rows.map((row) => [row.left?.text ?? null, row.right?.text ?? null])).toEqual([
    ["a", "a"],
    ["lr = 0.1", "lr = 0.2"],
    ["b", null],
    ["…", "…"],
  ]);
  expect(cut("lr = 0.1", rows[1]?.leftMarks ?? [])).toEqual(["0.1"]);
  expect(cut("lr = 0.2", rows[1]?.rightMarks ?? [])).toEqual(["0.2"]);
});

test("the unified view has every line once, what went before what came", () => {
  const lines = [line("left", "x1"), line("left", "x2"), line("right", "y1"), line("same", "s"), line("right", "z")];
  expect(unified(pairs(lines)).map((one) => one.line)).toEqual(lines);
});

test("the words that changed are marked, those that stayed are not", () => {
  const before = 'model = Net(hidden=32, act="relu")';
  const now = 'model = Net(hidden=64, dropout=0.1, act="relu")';
  const [one, other] = changedWords(before, now);
  expect(cut(before, one)).toEqual(["32"]);
  expect(cut(now, other)).toEqual(["64", "dropout=0.1, "]);
});

test("lines that have nothing in common are not taken apart", () => {
  expect(changedWords("import numpy as np", "raise SystemExit(3)")).toEqual([[], []]);
});

test("very long lines are left whole", () => {
  expect(changedWords("a".repeat(5000), "b")).toEqual([[], []]);
  expect(changedWords("a b ".repeat(300), "a c ".repeat(300))).toEqual([[], []]);
});
