import { describe, expect, it } from "vitest";
import { type Axis, fromAxis, niceStep, onAxis, ticks } from "./ticks";

const NUMBER: Axis = { kind: "number", log: false };
const LOG: Axis = { kind: "number", log: true };
const SINCE: Axis = { kind: "duration", log: false };
const WALL: Axis = { kind: "time", log: false };
const texts = (axis: Axis, low: number, high: number, most: number) => ticks(axis, low, high, most).text;

describe("ticks", () => {
  it("stand at round numbers with the same digits", () => {
    expect(texts(NUMBER, 0, 1, 5)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(texts(NUMBER, -0.012, 0.013, 5)).toEqual(["−0.010", "−0.005", "0", "0.005", "0.010"]);
    expect(texts(NUMBER, 0, 120, 4)).toEqual(["0", "50", "100"]);
  });

  it("are short for large and small numbers", () => {
    expect(texts(NUMBER, 0, 120_000, 4)).toEqual(["0", "50k", "100k"]);
    expect(texts(NUMBER, 0, 3e6, 3)).toEqual(["0", "1M", "2M", "3M"]);
    expect(texts(NUMBER, 0, 3e-6, 3)).toEqual(["0", "1e−6", "2e−6", "3e−6"]);
    expect(texts(NUMBER, 0, 4e20, 2)).toEqual(["0", "2e20", "4e20"]);
  });

  it("tell ticks apart that are close to one another far from zero", () => {
    const found = texts(NUMBER, 1_234_567, 1_234_571, 4);
    expect(new Set(found).size).toBe(found.length);
  });

  it("of a log axis are decades, with more where there is room, even ones within a decade", () => {
    expect(texts(LOG, -3, 1, 5)).toEqual(["0.001", "0.01", "0.1", "1", "10"]);
    expect(texts(LOG, -0.1, 1, 8)).toEqual(["1", "2", "5", "10"]);
    expect(texts(LOG, Math.log10(0.8), Math.log10(1.2), 4)).toEqual(["0.8", "0.9", "1.0", "1.1", "1.2"]);
    expect(ticks(LOG, -40, 0, 5).at.length).toBeLessThanOrEqual(7);
  });

  it("of a duration have one unit for all", () => {
    expect(texts(SINCE, 0, 0.05, 3)).toEqual(["0 ms", "20 ms", "40 ms"]);
    expect(texts(SINCE, 0, 90, 3)).toEqual(["0 s", "50 s"]);
    expect(texts(SINCE, 0, 1800, 3)).toEqual(["0 min", "10 min", "20 min", "30 min"]);
    expect(texts(SINCE, 0, 9000, 4)).toEqual(["0 h", "1 h", "2 h"]);
    expect(texts(SINCE, 0, 3 * 86400, 3)).toEqual(["0 d", "1 d", "2 d", "3 d"]);
  });

  it("of a time name a new day where it begins", () => {
    const noon = new Date(2026, 10, 21, 12).getTime() / 1000;
    const found = texts(WALL, noon, noon + 86400, 4);
    expect(found).toContain("22 Nov");
    expect(found.some((one) => /^\d\d:\d\d$/.test(one))).toBe(true);
    expect(texts(WALL, noon, noon + 20, 4)).toEqual(["12:00:00", "12:00:05", "12:00:10", "12:00:15", "12:00:20"]);
  });

  it("never are without number or end", () => {
    for (const axis of [NUMBER, LOG, SINCE, WALL]) {
      for (const [low, high] of [
        [1, 1],
        [0, 5e-324],
        [-1e308, 1e308],
        [-9e307, 9e307],
        [1e9, 1e9 + 1e-7],
      ] as const) {
        const { at, text } = ticks(axis, low, high, 6);
        expect(at.length).toBe(text.length);
        expect(at.length).toBeLessThanOrEqual(100);
      }
    }
  });
});

it("a log axis has a place for positive values only, and gives them back", () => {
  expect(onAxis(100, LOG)).toBe(2);
  expect(fromAxis(onAxis(0.03, LOG), LOG)).toBeCloseTo(0.03, 12);
  for (const one of [0, -1, Number.NaN, -Infinity]) expect(onAxis(one, LOG)).toBeNaN();
  expect(onAxis(Infinity, LOG)).toBe(Infinity);
  expect(onAxis(-1, NUMBER)).toBe(-1);
});

it("a nice step is 1, 2 or 5 times a power of ten", () => {
  expect([0.3, 1, 1.1, 2.3, 7, 90].map(niceStep)).toEqual([0.5, 1, 2, 5, 10, 100]);
});
