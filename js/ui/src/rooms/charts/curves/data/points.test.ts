import { describe, expect, it } from "vitest";
import type { Series } from "../../../../contract";
import { type AskedFor, Points, wantsWhole } from "./points";

const STEP: AskedFor = { x: "step", xKey: null, width: 100 };

function series(values: Series["values"], total = values.length, first = 0): Series {
  const steps = values.map((_, i) => first + i);
  return { run: "a", key: "loss", steps, times: steps.map((one) => 1000 + one), values, total, xs: null };
}

function known(values: Series["values"], total?: number, asked = STEP): Points {
  const points = new Points("a", "loss");
  points.replace(series(values, total), asked);
  return points;
}

const shown = (points: Points) => [...points.values.subarray(0, points.length)];

describe("Points", () => {
  it("keeps NaN and infinities, which travel as words", () => {
    expect(shown(known([1, "NaN", "Infinity", "-Infinity"]))).toEqual([1, Number.NaN, Infinity, -Infinity]);
  });

  it("goes on from the number of points that the run has, not from those it kept", () => {
    const points = known([1, 9], 500);
    points.append(series([2, 3], 502, 500));
    expect(shown(points)).toEqual([1, 9, 2, 3]);
    expect(points.total).toBe(502);
    expect(points.exact).toBe(false);
  });

  it("is exact as long as nothing was thinned away", () => {
    const points = known([1, 2]);
    points.append(series([3], 3, 2));
    expect(points.exact).toBe(true);
    points.append(series([4, 8], 100, 3));
    expect(points.exact).toBe(false);
  });

  it("holds many more points than it had room for", () => {
    const points = known([0]);
    for (let at = 1; at < 1000; at++) points.append(series([at], at + 1, at));
    expect(shown(points)).toEqual(Array.from({ length: 1000 }, (_, at) => at));
    expect(points.steps[999]).toBe(999);
    expect(points.times[999]).toBe(1999);
  });

  it("has to be asked for again when the run has fewer points than before: it is another file", () => {
    const points = known([1, 2, 3]);
    points.append(series([7], 1));
    expect(wantsWhole(points, STEP)).toBe(true);
  });
});

describe("wantsWhole", () => {
  it("asks for what is not known, and not for what is", () => {
    expect(wantsWhole(undefined, STEP)).toBe(true);
    expect(wantsWhole(known([1, 2]), STEP)).toBe(false);
    expect(wantsWhole(known([1, 2], 5000), STEP)).toBe(false);
  });

  it("asks a thinned curve again for another axis or a much wider chart, an exact one never", () => {
    for (const asked of [
      { ...STEP, x: "time" as const },
      { ...STEP, width: 130 },
    ]) {
      expect(wantsWhole(known([1, 2], 5000), asked)).toBe(true);
      expect(wantsWhole(known([1, 2]), asked)).toBe(false);
    }
    expect(wantsWhole(known([1, 2], 5000), { ...STEP, width: 120 })).toBe(false);
  });

  it("asks for a metric as axis, for another metric, and on the way back to steps", () => {
    const over: AskedFor = { x: "metric", xKey: "acc", width: 100 };
    expect(wantsWhole(known([1, 2]), over)).toBe(true);
    expect(wantsWhole(known([1, 2], 2, over), over)).toBe(false);
    expect(wantsWhole(known([1, 2], 2, over), { ...over, xKey: "f1" })).toBe(true);
    expect(wantsWhole(known([1, 2], 2, over), STEP)).toBe(true);
  });

  it("asks again when a curve has come to be three times what its pixels take", () => {
    const points = known(Array(400).fill(1));
    const grow = (by: number) => points.append(series(Array(by).fill(2), points.total + by, points.total));
    grow(800);
    expect(wantsWhole(points, STEP)).toBe(false);
    grow(1);
    expect(wantsWhole(points, STEP)).toBe(true);
  });

  it("does not ask without end for a curve that cannot be had in fewer points", () => {
    expect(wantsWhole(known(Array(1300).fill(1), 90_000), STEP)).toBe(false);
  });
});
