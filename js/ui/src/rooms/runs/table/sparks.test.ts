import { describe, expect, it } from "vitest";
import type { RunRow, Summary } from "../../../contract";
import { row } from "../toolbar/fixture";
import { METRICS, ROWS, Sparks, sparkPath } from "./sparks";

const summary = (count: number): Summary => ({
  last: 1,
  min: 0,
  max: 1,
  mean: 0.5,
  count,
  last_step: count,
  source: "explicit",
});
const runs = (count: number, metrics: readonly string[], revision = 1): RunRow[] =>
  Array.from({ length: count }, (_, at) =>
    row(`r${at}`, { revision, metrics: Object.fromEntries(metrics.map((name) => [name, summary(5)])) }),
  );

describe("a small curve", () => {
  it("goes from left to right, high values at the top", () => {
    expect(sparkPath([0, 1, 2], [0, 1, 0.5], 12, 13)).toBe("M1.0 11.5L6.0 1.5L11.0 6.5");
  });

  it("leaves gaps where there is no number", () => {
    expect(sparkPath([0, 1, 2, 3], [1, "NaN", 2, 3], 12, 13).match(/M/g)).toHaveLength(2);
    expect(sparkPath([0, 1, 2], ["NaN", "Infinity", 1])).toBe("");
  });

  it("is nothing of one point or of one step, and flat of one value", () => {
    expect(sparkPath([0], [1])).toBe("");
    expect(sparkPath([3, 3], [1, 2])).toBe("");
    expect(sparkPath([0, 1], [5, 5], 12, 16)).toBe("M1.0 8.0L11.0 8.0");
  });
});

describe("which curves are asked for", () => {
  it("are those that are not known, a few at a time", () => {
    const sparks = new Sparks();
    const metrics = ["a", "b", "c", "d", "e", "f"];
    const wanted = sparks.missing(runs(100, metrics), metrics, 0);
    expect(wanted.runs).toHaveLength(ROWS);
    expect(wanted.keys).toHaveLength(METRICS);
  });

  it("are none of a metric with one point, or that a run does not have", () => {
    const given = [row("one", { metrics: { a: summary(1) } }), row("none")];
    expect(new Sparks().missing(given, ["a", "constructor"], 0)).toEqual({ runs: [], keys: [] });
  });

  it("are asked for again when the run has changed, but not all the time", () => {
    const sparks = new Sparks();
    const before = runs(1, ["a"], 1);
    sparks.take(sparks.missing(before, ["a"], 0), [], before, 0);
    expect(sparks.missing(before, ["a"], 100_000).runs).toEqual([]);
    const after = runs(1, ["a"], 2);
    expect(sparks.missing(after, ["a"], 500).runs).toEqual([]);
    expect(sparks.missing(after, ["a"], 5000).runs).toEqual(["r0"]);
  });

  it("are found again by run and metric", () => {
    const sparks = new Sparks();
    const rows = runs(2, ["a"]);
    const wanted = sparks.missing(rows, ["a"], 0);
    const one = { run: "r1", key: "a", steps: [0, 1], times: [0, 1], values: [0, 1], total: 2, xs: null };
    sparks.take(wanted, [one], rows, 0);
    expect(sparks.path("r1", "a")).toContain("L");
    expect(sparks.path("r0", "a")).toBe("");
    expect(sparks.missing(rows, ["a"], 1).runs).toEqual([]);
  });
});
