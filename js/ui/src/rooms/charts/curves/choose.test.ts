import { describe, expect, it } from "vitest";
import type { Key, RunRow, Summary } from "../../../contract";
import { hintOf } from "./Card";
import { columnsOf } from "./CurveView";
import { lineOf } from "./calc/testing";
import { firstMetrics, groupColumns, groupsOf, metricColumns } from "./choose";
import { matching } from "./MetricPicker";
import { placeOf, weightAt } from "./Options";
import { spoken, xText } from "./words";

const summary = (change: Partial<Summary>): Summary => ({
  last: 1,
  min: 1,
  max: 1,
  mean: 1,
  count: 10,
  last_step: 9,
  source: "",
  ...change,
});

function run(id: string, change: Partial<RunRow> = {}): RunRow {
  return {
    id,
    name: id,
    status: "finished",
    experiment: "digits",
    started: 0,
    ended: 1,
    duration: 1,
    kind: "cell",
    notebook: null,
    cell: null,
    execution: null,
    parent: null,
    note: "",
    starred: false,
    trashed: null,
    end_reason: null,
    revision: 1,
    params: {},
    metrics: {},
    tags: {},
    ...change,
  };
}

const key = (name: string, runs = 1): Key => ({ kind: "metric", name, runs, types: [], better: null });

describe("the metrics that have a chart at first", () => {
  const runs = [run("a", { metrics: { score: summary({ count: 1 }), loss: summary({}) } })];
  const columns = metricColumns([key("old", 9), key("score", 5), key("loss", 2)], runs);
  it("are curves before single points, and none that no shown run has", () => {
    expect(columns.map(({ label }) => label)).toEqual(["loss", "score", "old"]);
    expect(firstMetrics(columns, runs)).toEqual(["loss", "score"]);
  });
  it("are six at most", () => {
    const many = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const one = run("a", { metrics: Object.fromEntries(many.map((name) => [name, summary({})])) });
    expect(
      firstMetrics(
        metricColumns(
          many.map((name) => key(name)),
          [one],
        ),
        [one],
      ),
    ).toHaveLength(6);
  });
  it("are found by words in any order", () => {
    expect(matching(columns, "SS lo").map(({ label }) => label)).toEqual(["loss"]);
    expect(matching(columns, " ")).toHaveLength(3);
  });
});

describe("groups", () => {
  const runs = [
    run("a", { params: { lr: 0.1, seed: 1 }, tags: { stage: "x" } }),
    run("b", { params: { lr: 0.02, seed: 2 } }),
    run("c", { params: { lr: 0.1, seed: 3, depth: 2 } }),
  ];
  it("are made of what some runs share, not of what tells each from all others", () => {
    const columns = groupColumns(runs);
    expect(columns).toContain("params.lr");
    expect(columns).toContain("tags.stage");
    expect(columns).not.toContain("params.seed");
  });
  it("are ordered as numbers are, and hold every run", () => {
    const found = groupsOf(runs, "params.lr");
    expect(found.names).toEqual(["lr 0.02", "lr 0.1"]);
    expect(found.runs).toEqual({ "lr 0.02": ["b"], "lr 0.1": ["a", "c"] });
    expect(groupsOf(runs, "params.depth").of.get("a")).toBe("depth –");
  });
  it("may be named like what every object has", () => {
    const odd = [run("a", { params: { k: "__proto__" } }), run("b", { params: { k: "constructor" } })];
    expect(Object.keys(groupsOf(odd, "params.k").runs)).toHaveLength(2);
  });
});

describe("the hint of a card", () => {
  const runs = [
    run("a", { metrics: { acc: summary({ max: 0.9, last: 0.8, min: 0.1 }) } }),
    run("b", { metrics: { acc: summary({ max: 0.95, last: 0.7, min: 0.2 }) } }),
    run("c"),
  ];
  it("is the best, with who it is of", () => {
    expect(hintOf("acc", runs, "max")).toEqual({ text: "max 0.95", title: "max of b" });
    expect(hintOf("acc", runs, "min")).toEqual({ text: "min 0.1", title: "min of a" });
  });
  it("is from where to where the last values go where no direction is better", () => {
    expect(hintOf("acc", runs, null)?.text).toBe("0.7 … 0.8");
  });
  it("is the last value of a single run, and nothing of none", () => {
    expect(hintOf("acc", runs.slice(0, 1), "max")?.text).toBe("last 0.8");
    expect(hintOf("f1", runs, "max")).toBeNull();
    expect(hintOf("constructor", runs, "max")).toBeNull();
  });
  it("passes over NaN", () => {
    const odd = [run("n", { metrics: { acc: summary({ max: "NaN" }) } }), ...runs];
    expect(hintOf("acc", odd, "max")?.text).toBe("max 0.95");
  });
});

it("the slider gives what it was given", () => {
  expect(weightAt(0)).toBe(0);
  expect(weightAt(100)).toBe(0.999);
  for (let place = 0; place <= 100; place += 1) expect(placeOf(weightAt(place))).toBe(place);
});

it("asks for as many columns as the chart has pixels, and for fewer of very many runs", () => {
  expect(columnsOf(400, 20)).toBe(400);
  expect(columnsOf(2000, 100)).toBe(400);
  expect(columnsOf(2000, 1000)).toBe(200);
  expect(columnsOf(2000, 0)).toBe(2000);
});

it("says where the crosshair is in the words of its axis", () => {
  expect(xText(1234.2, { x: "step", xKey: null })).toBe("step 1,234");
  expect(xText(90, { x: "relative", xKey: null })).toBe("1 min 30 s");
  expect(xText(0.123456, { x: "metric", xKey: "loss" })).toBe("loss 0.1235");
});

it("reads out a few values and counts the others", () => {
  const row = (label: string) => ({ line: lineOf([0], [1], { label }), at: 0, value: 1, logged: null });
  expect(spoken("step 1", ["a", "b"].map(row), 0)).toBe("step 1: a 1, b 1");
  expect(spoken("step 1", ["a", "b", "c", "d", "e", "f"].map(row), 3)).toBe(
    "step 1: a 1, b 1, c 1, d 1, e 1 and 4 more",
  );
  expect(spoken("step 1", [], 0)).toBe("step 1: nothing");
});
