import { describe, expect, it } from "vitest";
import { held, padded, quantile, xRange, yRange } from "./range";
import { lineOf } from "./testing";

const ALL = { window: null, clip: false };

describe("xRange", () => {
  it("reaches over all lines, also those that go back", () => {
    expect(xRange([lineOf([1, 2, 3], [0, 0, 0]), lineOf([5, 9, 4], [0, 0, 0])])).toEqual([1, 9]);
  });
  it("passes over what is no number, and is nothing of nothing", () => {
    expect(xRange([lineOf([Number.NaN, 2, 3], [0, 0, 0], { ascending: false })])).toEqual([2, 3]);
    expect(xRange([])).toBeNull();
    expect(xRange([lineOf([Number.NaN], [0], { ascending: false })])).toBeNull();
  });
});

describe("yRange", () => {
  it("passes over NaN and infinities", () => {
    expect(yRange([lineOf([0, 1, 2, 3], [1, Number.NaN, Infinity, 4])], ALL)).toEqual([1, 4]);
    expect(yRange([lineOf([0], [Number.NaN])], ALL)).toBeNull();
  });

  it("has room for the points as logged behind a smoothed line", () => {
    const x = Float64Array.from([0, 1]);
    const raw = { x, y: Float64Array.from([-1, 9]), length: 2 };
    expect(yRange([lineOf([0, 1], [2, 3], { raw })], ALL)).toEqual([-1, 9]);
  });

  it("of a zoom is what is seen, and where lines run over its edges", () => {
    const line = lineOf([0, 10, 20, 30], [0, 100, 100, 1000]);
    expect(yRange([line], { window: [9, 21], clip: false })).toEqual([90, 190]);
    // No point in it, and yet a line.
    expect(yRange([line], { window: [2, 4], clip: false })).toEqual([20, 40]);
  });

  it("leaves outliers aside, over all lines together", () => {
    const values = Array.from({ length: 101 }, (_, i) => (i === 50 ? 1e6 : i));
    const xs = values.map((_, i) => i);
    const [low, high] = yRange([lineOf(xs, values)], { window: null, clip: true }) ?? [];
    expect(low).toBe(5);
    expect(high).toBeCloseTo(96, 0);
  });

  it("leaves nothing aside where the percentiles coincide", () => {
    const values = Array(100).fill(3).concat([7]);
    expect(
      yRange(
        [
          lineOf(
            values.map((_, i) => i),
            values,
          ),
        ],
        { window: null, clip: true },
      ),
    ).toEqual([3, 7]);
  });

  it("looks down to a band's edge, but not to the bottom of a log axis", () => {
    const of = {} as never;
    const band = (low: number[]) => ({ low: Float64Array.from(low), high: Float64Array.from([3, 4]), of });
    expect(yRange([lineOf([0, 1], [1, 2], { band: band([-1, 0]) })], ALL)).toEqual([-1, 4]);
    expect(yRange([lineOf([0, 1], [1, 2], { band: band([-1e3, 0.5]) })], ALL)).toEqual([0.5, 4]);
  });
});

it("quantiles are numpy's", () => {
  const found = [0, 0.05, 0.5, 0.95, 1].map((part) => Number(quantile([1, 2, 4, 8], part).toFixed(12)));
  expect(found).toEqual([1, 1.15, 3, 7.4, 8]);
});

it("a single value has a range around it", () => {
  expect(padded([2, 2], 0.05, false)).toEqual([1.8, 2.2]);
  expect(padded([0, 0], 0.05, false)).toEqual([-1, 1]);
  expect(padded([0, 10], 0.05, false)).toEqual([-0.5, 10.5]);
});

it("an axis stands still while it fits, and not much longer", () => {
  expect(held(null, [0, 1], 0.1)).toBe(false);
  expect(held([0, 100], [0, 97], 0.1)).toBe(true);
  expect(held([0, 100], [0, 101], 0.1)).toBe(false);
  expect(held([0, 100], [0, 50], 0.1)).toBe(false);
});
