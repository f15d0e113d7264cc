import { expect, it } from "vitest";
import { begin, smooth } from "./smooth";

function smoothed(values: number[], weight: number, cut = values.length): number[] {
  const from = Float64Array.from(values);
  const to = new Float64Array(values.length);
  const average = begin();
  smooth(from, to, 0, cut, weight, average);
  smooth(from, to, cut, values.length, weight, average);
  return [...to];
}

// What nbtrack.charts.series.smooth([1, 3, 2, nan, 4, inf, 0], 0.6) gives.
const PYTHON = [
  1,
  2.25,
  2.122448979591837,
  Number.NaN,
  2.9852941176470584,
  Number.POSITIVE_INFINITY,
  1.690492713393477,
];

it("gives what Python gives", () => {
  const digits = (values: number[]) => values.map((one) => Number(one.toFixed(12)));
  expect(digits(smoothed([1, 3, 2, Number.NaN, 4, Number.POSITIVE_INFINITY, 0], 0.6))).toEqual(digits(PYTHON));
});

it("begins at the first value, without bias to zero", () => {
  expect(smoothed([5, 5, 5], 0.99).map((one) => Number(one.toFixed(9)))).toEqual([5, 5, 5]);
});

it("goes on as if it had never stopped", () => {
  const values = [1, 3, 2, Number.NaN, 4, 0, 7];
  for (let cut = 0; cut <= values.length; cut++) expect(smoothed(values, 0.8, cut)).toEqual(smoothed(values, 0.8));
});
