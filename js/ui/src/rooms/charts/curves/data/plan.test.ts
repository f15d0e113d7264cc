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

it("cuts a list into parts that lose nothing", () => {
  expect(parts([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(parts([], 2)).toEqual([]);
});
