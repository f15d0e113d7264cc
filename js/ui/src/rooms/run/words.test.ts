import { expect, test } from "vitest";
import type { Key, Summary } from "../../contract";
import { namedLike } from "./Chooser";
import { bestOf, directionsIn, verdict } from "./metrics";
import { curve } from "./Sparkline";
import { environmentFacts, gitState, packagesOf } from "./surroundings";
import { tagChange } from "./Tags";

const summary = (change: Partial<Summary> = {}): Summary => ({
  last: 1,
  min: 0,
  max: 2,
  mean: 1,
  count: 3,
  last_step: 2,
  source: "explicit",
  ...change,
});

test("the best figure follows the direction, and needs more than one value", () => {
  expect(bestOf(summary(), "max")).toBe("max");
  expect(bestOf(summary(), null)).toBeNull();
  expect(bestOf(summary({ count: 1 }), "max")).toBeNull();
  expect(bestOf(summary({ min: "NaN" }), "min")).toBeNull();
});

test("better and worse depend on the direction; NaN is neither", () => {
  expect(verdict(0.8, 0.9, "max")).toBe("better");
  expect(verdict(0.8, 0.9, "min")).toBe("worse");
  expect(verdict(0.8, 0.8, "max")).toBeNull();
  expect(verdict(Number.NaN, 1, "max")).toBeNull();
  expect(verdict(1, 2, null)).toBeNull();
});

test("a metric that is called __proto__ has a direction like any other", () => {
  const keys: Key[] = [{ kind: "metric", name: "__proto__", runs: 1, types: [], better: "max" }];
  const found = directionsIn(keys, ["loss"]);
  expect(Object.entries(found)).toContainEqual(["__proto__", "max"]);
  expect(found.loss).toBeNull();
  expect("constructor" in found).toBe(false);
});

test("what is typed for a tag: name=value, a name alone, nothing", () => {
  expect(tagChange(" stage = final ", null)).toEqual({ stage: "final" });
  expect(tagChange("done", null)).toEqual({ done: "true" });
  expect(tagChange("a=b=c", null)).toEqual({ a: "b=c" });
  expect(tagChange("  ", null)).toBeNull();
  expect(tagChange("=x", null)).toBeNull();
});

test("a tag that is renamed loses its old name", () => {
  expect(tagChange("phase=final", "stage")).toEqual({ stage: null, phase: "final" });
  expect(tagChange("stage=final", "stage")).toEqual({ stage: "final" });
});

test("what is typed to find a run is a value of the search language, never part of it", () => {
  expect(namedLike("adam")).toBe("name contains 'adam'");
  expect(namedLike("it's' or starred")).toBe("name contains 'it''s'' or starred'");
  expect(namedLike("52e7f")).toBe("name contains '52e7f' or id like '52e7f%'");
  expect(namedLike("  ")).toBe("");
});

test("a curve has gaps where there is no number, and goes by its steps", () => {
  const drawn = curve({ steps: [0, 1, 2, 3], values: [0, "NaN", 1, "Infinity"] });
  expect(drawn?.path.match(/M/g)).toHaveLength(2);
  expect(drawn?.end[1]).toBeCloseTo(2.5);
  expect(curve({ steps: [0], values: ["NaN"] })).toBeNull();
  expect(curve({ steps: [2, 0], values: [1, 0] })?.path).toMatch(/^M2\.5 15\.5L69\.5 2\.5$/);
});

test("the environment in words, whatever is missing or of another kind", () => {
  const given = {
    python: "3.11.7",
    implementation: "CPython",
    cpu: { model: "EPYC", count: 2 },
    memory: 25e9,
    gpus: [],
  };
  expect(environmentFacts(given)).toEqual([
    ["Python", "3.11.7 CPython"],
    ["CPU", "EPYC × 2"],
    ["memory", "25.0 GB"],
  ]);
  expect(environmentFacts({ cpu: "x", gpus: "y", memory: "z", python: null })).toEqual([]);
});

test("the state of git in words", () => {
  expect(gitState({ commit: "39306cea77174f3a", branch: "main", dirty: true })).toBe(
    "39306cea7717 on main, with uncommitted changes",
  );
  expect(gitState({ commit: "39306cea77174f3a", branch: null, dirty: false })).toBe("39306cea7717, clean");
  expect(gitState(null)).toBe("");
});

test("packages that differ come first, with what the other run had", () => {
  const changes = [
    { what: "package", name: "numpy", left: "1.0", right: "2.0" },
    { what: "package", name: "gone", left: "3", right: null },
    { what: "package", name: "fresh", left: null, right: "1" },
    { what: "param", name: "attrs", left: 1, right: 2 },
  ];
  expect(packagesOf({ packages: { attrs: "23", fresh: "1", numpy: "2.0" } }, changes)).toEqual([
    { name: "fresh", version: "1", was: "" },
    { name: "gone", version: "", was: "3" },
    { name: "numpy", version: "2.0", was: "1.0" },
    { name: "attrs", version: "23", was: undefined },
  ]);
});
