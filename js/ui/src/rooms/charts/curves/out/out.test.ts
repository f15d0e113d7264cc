import { expect, it } from "vitest";
import { signs } from "../../../../lib/palette";
import { lineOf } from "../calc/testing";
import { Points } from "../data/points";
import type { Theme } from "../draw/theme";
import { cell, csvOf } from "./csv";
import { fileName } from "./save";
import { type Drawing, escaped, svgOf } from "./svg";

const THEME: Theme = {
  ink: "#111",
  dim: "#555",
  grid: "#eee",
  edge: "#ccc",
  background: "#fff",
  font: '"Segoe UI", sans',
};
const AXIS = { kind: "number", log: false } as const;

function drawing(change: Partial<Drawing> = {}): Drawing {
  const looks = signs(["a", "b"]);
  const lines = ["a", "b"].map((id) => {
    const sign = looks.get(id);
    return lineOf([0, 1, 2], [1, Number.NaN, 3], { id, label: `run ${id}`, ...(sign ? { sign } : {}) });
  });
  return {
    title: "loss",
    xTitle: "step",
    lines,
    xAxis: AXIS,
    yAxis: AXIS,
    x: [0, 2],
    y: [0, 4],
    theme: THEME,
    width: 600,
    height: 300,
    ...change,
  };
}

function parsed(svg: string): Document {
  const found = new DOMParser().parseFromString(svg, "image/svg+xml");
  expect(found.querySelector("parsererror")).toBeNull();
  return found;
}

it("a picture has a line for each run, its sign, its name, ticks and what the axis is", () => {
  const { svg, height } = svgOf(drawing());
  const text = parsed(svg).documentElement.textContent ?? "";
  for (const word of ["loss", "step", "run a", "run b"]) expect(text).toContain(word);
  expect(svg.match(/<title>run/g)).toHaveLength(2);
  expect(height).toBeGreaterThan(300);
  expect(svg).not.toMatch(/NaN|undefined/);
});

it("a picture bears names that hold markup, and characters that XML does not", () => {
  const name = '<script>alert("x")</script> & \u0000\u000b\ud800';
  const line = lineOf([0, 1], [1, 2], { label: name });
  const { svg } = svgOf(drawing({ title: name, xTitle: name, lines: [line] }));
  expect(parsed(svg).querySelector("script")).toBeNull();
  expect(escaped(name)).toBe("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; ");
});

it("a picture of very many runs names the first and counts the others", () => {
  const lines = Array.from({ length: 100 }, (_, i) => lineOf([0, 1], [i, i], { id: String(i), label: `r${i}` }));
  expect(svgOf(drawing({ lines })).svg).toContain("… 40 more");
});

it("a picture shows infinities, smoothed lines with what was logged, and bands", () => {
  const x = Float64Array.from([0, 1]);
  const of = {} as never;
  const lines = [
    lineOf([0, 1], [1, Infinity]),
    lineOf([0, 1], [1, 2], { raw: { x, y: Float64Array.from([0, 3]), length: 2 } }),
    lineOf([0, 1], [1, 2], { band: { low: Float64Array.from([0, 1]), high: Float64Array.from([2, 3]), of } }),
  ];
  const { svg } = svgOf(drawing({ lines }));
  expect(svg).toContain('stroke-opacity="0.24"');
  expect(svg).toContain('fill-opacity="0.15"');
});

function points(): Points {
  const found = new Points("a", "loss");
  const series = {
    run: "a",
    key: "loss",
    steps: [0, 1, 2],
    times: [0, 1, 2],
    values: [0.5, "NaN" as const, "Infinity" as const],
    total: 3,
    xs: null,
  };
  found.replace(series, { x: "step", xKey: null, width: 9 });
  return found;
}

it("a table has the points as they were logged", () => {
  const line = lineOf([0], [9], { id: "a", label: "x, y", points: points() });
  expect(csvOf("loss", [line], { groups: null }).split("\r\n")).toEqual([
    "run,name,metric,step,time,value",
    'a,"x, y",loss,0,1970-01-01T00:00:00.000Z,0.5',
    'a,"x, y",loss,1,1970-01-01T00:00:01.000Z,nan',
    'a,"x, y",loss,2,1970-01-01T00:00:02.000Z,inf',
    "",
  ]);
});

it("a table of means has their edges", () => {
  const one = Float64Array.from([1]);
  const of = {
    group: "lr 0.1",
    xs: one,
    mean: Float64Array.from([2]),
    low: one,
    high: Float64Array.from([3]),
    runs: 4,
  };
  const line = lineOf([1], [2], { label: "lr 0.1", band: { low: one, high: one, of } });
  const groups = { of: new Map(), names: [], runs: {}, signs: new Map() };
  expect(csvOf("loss", [line], { groups })).toBe("group,metric,x,mean,low,high,runs\r\nlr 0.1,loss,1,2,1,3,4\r\n");
});

it("no cell of a table is a formula, but negative numbers stay numbers", () => {
  expect(["=1+1", "+1", "-cmd", "@x", "\tx"].map(cell)).toEqual(["'=1+1", "'+1", "'-cmd", "'@x", "'\tx"]);
  expect(cell(-1.5)).toBe("-1.5");
  expect(cell('say "hi"\n')).toBe('"say ""hi""\n"');
  expect(cell(null)).toBe("");
});

it("a metric's name makes a file name that every system takes", () => {
  expect(fileName("val/loss", "png")).toBe("val-loss.png");
  expect(fileName("../../etc:*?", "csv")).toBe("etc-.csv");
  expect(fileName("損失", "svg")).toBe("損失.svg");
  expect(fileName("///", "svg")).toBe("metric.svg");
  expect(fileName("x".repeat(500), "svg").length).toBeLessThan(100);
});
