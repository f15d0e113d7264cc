import { describe, expect, it } from "vitest";
import { lineOf } from "../calc/testing";
import { bandStretches, weightOf } from "./paint";
import { arrow, shape } from "./shapes";
import { type Frame, trace } from "./trace";

const FRAME: Frame = { x: [0, 100], y: [0, 100], left: 0, top: 0, width: 100, height: 100 };

function traced(xs: number[], ys: number[], frame = FRAME, column = 1, from = 0) {
  const strokes: string[] = [];
  const sink = {
    moveTo: (x: number, y: number) => void strokes.push(`M${x} ${y}`),
    lineTo: (x: number, y: number) => void strokes.push(`L${x} ${y}`),
  };
  const line = lineOf(xs, ys);
  return { ...trace(sink, line, line.y, frame, column, from), strokes: strokes.join(" ") };
}

describe("trace", () => {
  it("strokes from point to point, y upwards", () => {
    expect(traced([0, 50, 100], [0, 50, 100]).strokes).toBe("M0 100 L50 50 L100 0");
  });

  it("follows the order logged, also back", () => {
    expect(traced([0, 50, 20], [0, 50, 50]).strokes).toBe("M0 100 L50 50 L20 50");
  });

  it("leaves a gap at NaN", () => {
    expect(traced([0, 10, 20, 30, 40], [0, 0, Number.NaN, 0, 0]).strokes).toBe("M0 100 L10 100 M30 100 L40 100");
  });

  it("marks infinities at the edges, where they are seen", () => {
    const { infinite, strokes } = traced([0, 10, 20, 300], [0, Infinity, -Infinity, Infinity]);
    expect(infinite).toEqual([
      { x: 10, up: true },
      { x: 20, up: false },
    ]);
    expect(strokes).toBe("M0 100");
  });

  it("keeps a point that is alone as a dot", () => {
    const xs = Array.from({ length: 30 }, (_, i) => i);
    const ys = xs.map((one) => (one === 11 || one === 13 ? Number.NaN : 1));
    expect(traced(xs, ys).dots).toEqual([[12, 99]]);
  });

  it("has a dot for every point where there are few, and for a run of a single point", () => {
    expect(traced([0, 50, 100], [0, 50, 100]).dots).toHaveLength(3);
    expect(traced([50], [50])).toMatchObject({ dots: [[50, 50]], end: [50, 50] });
  });

  it("gives lines of one rhythm dots or not, however long they are", () => {
    const every = (step: number, to: number) => Array.from({ length: to / step + 1 }, (_, i) => i * step);
    for (const to of [40, 80]) {
      expect(traced(every(10, to), every(10, to)).dots).toHaveLength(0);
      expect(traced(every(20, to), every(20, to)).dots).toHaveLength(to / 20 + 1);
    }
  });

  it("strokes of a pixel column its first, lowest, highest and last point: no spike is lost", () => {
    const xs = [10, 10.1, 10.2, 10.3, 10.4, 10.5, 20];
    const ys = [50, 55, 99, 52, 1, 53, 50];
    const { strokes } = traced(xs, ys);
    expect(strokes).toBe("M10 50 L10.5 1 L10.5 99 L10.5 47 L20 50");
  });

  it("keeps every spike of a long noisy line, in few strokes", () => {
    const xs = Array.from({ length: 20_000 }, (_, i) => i / 200);
    const ys = xs.map((_, i) => (i === 7777 ? 100 : i === 12_345 ? 0 : 40 + (i % 10)));
    const { strokes } = traced(xs, ys);
    expect(strokes.split(" L").length).toBeLessThan(420);
    expect(strokes).toMatch(/L[\d.]+ 0( |$)/);
    expect(strokes).toMatch(/L[\d.]+ 100( |$)/);
  });

  it("strokes nothing that lies outside, but the strokes that lead in and out and across", () => {
    const frame = { ...FRAME, x: [40, 60] as const, width: 20 };
    expect(traced([0, 10, 20, 50, 70, 80, 90], [0, 0, 0, 50, 0, 0, 0], frame).strokes).toBe("M-20 100 L10 50 L30 100");
    expect(traced([0, 30, 80, 90], [10, 20, 30, 40], frame).strokes).toBe("M-10 80 L40 70");
  });

  it("has its end where the last finite point is, if that is seen", () => {
    expect(traced([0, 50, 60], [0, 50, Number.NaN]).end).toEqual([50, 50]);
    expect(traced([0, 500], [0, 50]).end).toBeNull();
    expect(traced([], []).end).toBeNull();
  });

  it("goes on from where it was left", () => {
    expect(traced([0, 50, 100], [0, 50, 100], FRAME, 1, 1).strokes).toBe("M50 50 L100 0");
  });

  it("knows how much ink a line takes", () => {
    expect(traced([0, 100], [50, 50]).ink).toBe(100);
    const xs = Array.from({ length: 1001 }, (_, i) => i / 10);
    expect(
      traced(
        xs,
        xs.map((_, i) => (i % 2 ? 90 : 10)),
      ).ink,
    ).toBeGreaterThan(10_000);
  });

  it("bears any number", () => {
    const { strokes } = traced([0, 50, 100], [-1e308, 1e308, 0]);
    expect(strokes).not.toMatch(/NaN|Infinity/);
  });
});

it("a band is closed between its gaps", () => {
  const low = Float64Array.from([10, 10, Number.NaN, 10, 10]);
  const high = Float64Array.from([20, 20, Number.NaN, 20, 20]);
  const line = lineOf([0, 10, 20, 30, 40], [15, 15, Number.NaN, 15, 15], { band: { low, high, of: {} as never } });
  const found = bandStretches(line, FRAME);
  expect(found).toEqual([
    [
      [0, 80],
      [10, 80],
      [10, 90],
      [0, 90],
    ],
    [
      [30, 80],
      [40, 80],
      [40, 90],
      [30, 90],
    ],
  ]);
});

it("every sign has a shape of its own, as large as the others", () => {
  const shapes = Array.from({ length: 8 }, (_, n) => shape(n, 0, 0, 10));
  expect(new Set(shapes.map((one) => JSON.stringify(one))).size).toBe(8);
  for (const one of shapes) for (const [x, y] of one) expect(Math.hypot(x, y)).toBeLessThan(14);
});

it("an infinite value's triangle points out of the plot", () => {
  const [tip, ...base] = arrow(50, 0, true);
  expect(base.every(([, y]) => y > (tip?.[1] ?? 0))).toBe(true);
  const [low, ...above] = arrow(50, 100, false);
  expect(above.every(([, y]) => y < (low?.[1] ?? 0))).toBe(true);
});

it("many lines are thin", () => {
  expect(weightOf(100).line).toBeLessThan(weightOf(5).line);
});
