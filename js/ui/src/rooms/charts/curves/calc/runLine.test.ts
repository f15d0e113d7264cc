import { describe, expect, it } from "vitest";
import { sign } from "../../../../lib/palette";
import type { MeanOf } from "../data/bandFeed";
import { Points } from "../data/points";
import { meanLine } from "./line";
import { type How, RunLine } from "./runLine";
import type { Axis } from "./ticks";

const PLAIN: Axis = { kind: "number", log: false };
const LOG: Axis = { kind: "number", log: true };
const HOW: How = { x: "step", xAxis: PLAIN, yAxis: PLAIN, smoothing: 0, started: 1000 };

function points(steps: number[], values: number[], total = values.length): Points {
  const found = new Points("a", "loss");
  const times = steps.map((one) => 1000 + 2 * one);
  found.replace(
    { run: "a", key: "loss", steps, times, values, total, xs: null },
    { x: "step", xKey: null, width: 100 },
  );
  return found;
}

function grow(own: Points, steps: number[], values: number[]): void {
  const times = steps.map((one) => 1000 + 2 * one);
  own.append({ run: "a", key: "loss", steps, times, values, total: own.total + values.length, xs: null });
}

const line = () => new RunLine("a", sign("a"));
const ys = (one: { y: Float64Array; length: number }) => [...one.y.subarray(0, one.length)];
const xs = (one: { x: Float64Array; length: number }) => [...one.x.subarray(0, one.length)];

describe("RunLine", () => {
  it("lies where its steps, its times or the time since the run began say", () => {
    const own = points([0, 1, 2], [5, 6, 7]);
    for (const [x, places] of [
      ["step", [0, 1, 2]],
      ["time", [1000, 1002, 1004]],
      ["relative", [0, 2, 4]],
    ] as const) {
      const one = line();
      one.update(own, { ...HOW, x });
      expect(xs(one)).toEqual(places);
      expect(ys(one)).toEqual([5, 6, 7]);
    }
  });

  it("grows by what is new as if it had been there from the beginning", () => {
    for (const change of [
      {},
      { yAxis: LOG },
      { smoothing: 0.9 },
      { smoothing: 0.5, yAxis: LOG, x: "relative" as const },
    ]) {
      const own = points([0, 1], [5, 6]);
      const grown = line();
      grown.update(own, { ...HOW, ...change });
      const { epoch } = grown;
      for (let at = 2; at < 400; at++) {
        grow(own, [at], [at % 7]);
        grown.update(own, { ...HOW, ...change });
      }
      const whole = line();
      whole.update(own, { ...HOW, ...change });
      expect(ys(grown)).toEqual(ys(whole));
      expect(xs(grown)).toEqual(xs(whole));
      expect(grown.leftOut).toBe(whole.leftOut);
      expect(grown.epoch).toBe(epoch);
    }
  });

  it("is another line when the points or the axes are others, and unchanged when nothing is", () => {
    const own = points([0, 1], [5, 6]);
    const one = line();
    expect(one.update(own, HOW)).toBe(true);
    expect(one.update(own, HOW)).toBe(false);
    const { epoch } = one;
    expect(one.update(own, { ...HOW, yAxis: LOG })).toBe(true);
    expect(one.epoch).toBe(epoch + 1);
    own.replace(
      { run: "a", key: "loss", steps: [3], times: [1006], values: [1], total: 1, xs: null },
      { x: "step", xKey: null, width: 9 },
    );
    one.update(own, { ...HOW, yAxis: LOG });
    expect(xs(one)).toEqual([3]);
  });

  it("counts what a log axis has no place for, NaN not", () => {
    const one = line();
    one.update(points([0, 1, 2, 3], [0, -1, Number.NaN, 10]), { ...HOW, yAxis: LOG });
    expect(one.leftOut).toBe(2);
    expect(ys(one)).toEqual([Number.NaN, Number.NaN, Number.NaN, 1]);
    const log = line();
    log.update(points([0, 10], [1, 1]), { ...HOW, xAxis: LOG });
    expect(log.leftOut).toBe(1);
    expect(xs(log)).toEqual([Number.NaN, 1]);
  });

  it("knows that its steps go back or repeat", () => {
    const one = line();
    const own = points([0, 1, 1], [1, 1, 1]);
    one.update(own, HOW);
    expect(one.ascending).toBe(true);
    grow(own, [0], [1]);
    one.update(own, HOW);
    expect(one.ascending).toBe(false);
    expect(xs(one)).toEqual([0, 1, 1, 0]);
  });

  it("has its points as logged behind it when it is smoothed, and tells their values", () => {
    const one = line();
    one.update(points([0, 1], [4, 8]), { ...HOW, smoothing: 0.5 });
    expect(one.raw && ys(one.raw)).toEqual([4, 8]);
    expect(one.logged(1)).toBe(8);
    expect(ys(one)[1]).toBeCloseTo((0.25 * 4 + 0.5 * 8) / 0.75, 12);
    one.update(points([0, 1], [4, 8]), HOW);
    expect(one.raw).toBeNull();
    expect(one.logged(1)).toBeNull();
  });
});

describe("RunLine, thinned", () => {
  const exact: MeanOf = {
    group: "a",
    xs: Float64Array.from([0, 50, 100]),
    mean: Float64Array.from([1, 2, 3]),
    low: new Float64Array(3),
    high: new Float64Array(3),
    runs: 1,
  };

  it("is smoothed by Python, and goes on from there with what comes", () => {
    const own = points([0, 60, 100], [1, 9, 3], 101);
    const one = line();
    one.update(own, { ...HOW, smoothing: 0.9 }, exact);
    expect(xs(one)).toEqual([0, 50, 100]);
    expect(ys(one)).toEqual([1, 2, 3]);
    expect(one.raw && ys(one.raw)).toEqual([1, 9, 3]);
    expect(one.logged(1)).toBe(9);
    grow(own, [101], [13]);
    one.update(own, { ...HOW, smoothing: 0.9 }, exact);
    expect(xs(one)).toEqual([0, 50, 100, 101]);
    expect(ys(one)[3]).toBeCloseTo(0.9 * 3 + 0.1 * 13, 12);
    grow(own, [102], [13]);
    one.update(own, { ...HOW, smoothing: 0.9 }, exact);
    expect(ys(one)[4]).toBeCloseTo(0.9 * 4 + 0.1 * 13, 12);
  });

  it("lies on a log axis too", () => {
    const one = line();
    one.update(
      points([1, 100], [10, 1000], 101),
      { ...HOW, smoothing: 0.9, xAxis: LOG, yAxis: LOG },
      {
        ...exact,
        xs: Float64Array.from([1, 100]),
        mean: Float64Array.from([10, 1000]),
      },
    );
    expect(xs(one)).toEqual([0, 2]);
    expect(ys(one)).toEqual([1, 3]);
  });

  it("is smoothed here where its steps go back: means know no order", () => {
    const own = points([0, 100, 50], [1, 2, 3], 101);
    const one = line();
    one.update(own, { ...HOW, smoothing: 0.9 }, exact);
    expect(xs(one)).toEqual([0, 100, 50]);
    const { epoch } = one;
    one.update(own, { ...HOW, smoothing: 0.9 }, exact);
    expect(one.epoch).toBe(epoch);
  });
});

it("a group's mean keeps its edges, and a log axis its bottom", () => {
  const given: MeanOf = {
    group: "lr 0.1",
    xs: Float64Array.from([0, 1]),
    mean: Float64Array.from([1, 10]),
    low: Float64Array.from([-1, 1]),
    high: Float64Array.from([10, 100]),
    runs: 3,
  };
  const one = meanLine(given, sign("g"), { xAxis: PLAIN, yAxis: LOG }, 4);
  expect(ys(one)).toEqual([0, 1]);
  expect([...(one.band?.low ?? [])]).toEqual([-1e3, 0]);
  expect([...(one.band?.high ?? [])]).toEqual([1, 2]);
  expect(one.epoch).toBe(4);
});
