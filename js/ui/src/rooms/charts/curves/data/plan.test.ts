import { expect, it } from "vitest";
import { parts, questions } from "./plan";

const runs = (count: number) => Array.from({ length: count }, (_, at) => `r${at}`);

it("asks for metrics that want the same runs together while it is little", () => {
  const wanted = new Map([
    ["loss", runs(20)],
    ["acc", runs(20)],
    ["lr", runs(20)],
    ["f1", runs(20)],
  ]);
  expect(questions(wanted).map(({ keys }) => keys)).toEqual([["loss", "acc", "lr"], ["f1"]]);
});

it("asks for each metric by itself where there are many runs, the first first", () => {
  const wanted = new Map([
    ["loss", runs(100)],
    ["acc", runs(100)],
  ]);
  expect(questions(wanted)).toEqual([
    { runs: runs(100), keys: ["loss"] },
    { runs: runs(100), keys: ["acc"] },
  ]);
});

it("does not ask a metric for runs that it is not wanted of", () => {
  const wanted = new Map([
    ["loss", ["a", "b"]],
    ["acc", ["b"]],
    ["lr", []],
  ]);
  expect(questions(wanted)).toEqual([
    { runs: ["a", "b"], keys: ["loss"] },
    { runs: ["b"], keys: ["acc"] },
  ]);
});

it("keeps questions short enough for an address, however long the names", () => {
  const wanted = new Map(Array.from({ length: 10 }, (_, at) => [`${at}${"x".repeat(999)}`, ["a"]]));
  const asked = questions(wanted);
  expect(asked.flatMap(({ keys }) => keys)).toEqual([...wanted.keys()]);
  for (const { keys } of asked) expect(keys.length).toBeLessThanOrEqual(3);
});

it("cuts a list into parts that lose nothing", () => {
  const cost = (one: number) => one;
  expect(parts([1, 2, 3, 4, 5], 5, cost)).toEqual([[1, 2], [3], [4], [5]]);
  expect(parts([9, 1, 1], 5, cost)).toEqual([[9], [1, 1]]);
  expect(parts([], 2, cost)).toEqual([]);
});
