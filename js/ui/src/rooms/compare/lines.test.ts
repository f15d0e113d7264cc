import { expect, test } from "vitest";
import type { RunDetail } from "../../contract";
import { allColumns } from "../../lib/columns";
import { key, row } from "../runs/toolbar/fixture";
import { type Look, sections } from "./lines";

const summary = (last: number, min = last) => ({
  last,
  min,
  max: last,
  mean: last,
  count: 1,
  last_step: 0,
  source: "",
});

function run(id: string, change: Partial<RunDetail> & { row?: RunDetail["row"] } = {}): RunDetail {
  const empty = { params: [], artifacts: [], datasets: [], children: [], code: null, environment: {}, git: null };
  return { row: row(id), session: {}, about: {}, ...empty, ...change };
}

const LOOK: Look = {
  columns: allColumns([key("metric", "acc", "max"), key("metric", "loss", "min"), key("metric", "seen")]),
  stats: {},
  better: {},
  deltas: "both",
  base: 0,
};

const section = (runs: RunDetail[], title: string, look: Partial<Look> = {}) =>
  sections(runs, { ...LOOK, ...look }).find((one) => one.title === title);
const texts = (runs: RunDetail[], title: string, look: Partial<Look> = {}) =>
  section(runs, title, look)?.lines.map((line) => [line.name, line.differs, ...line.cells().map((cell) => cell.text)]);

test("What differs comes first, what is missing has a sign of its own", () => {
  const runs = [
    run("a", { row: row("a", { params: { batch: 64, lr: 0.1, model: null } }) }),
    run("b", { row: row("b", { params: { batch: 64, lr: 0.2, model: null, extra: "" } }) }),
  ];
  expect(texts(runs, "Params")).toEqual([
    ["lr", true, "0.1", "0.2"],
    ["extra", true, "–", '""'],
    ["batch", false, "64", "64"],
    ["model", false, "None", "None"],
  ]);
});

test("A text that looks like the sign of what is missing is not the same as it", () => {
  const runs = [run("a", { row: row("a", { params: { x: "–" } }) }), run("b")];
  const [line] = section(runs, "Params")?.lines ?? [];
  expect(line?.differs).toBe(true);
  expect(line?.cells()).toMatchObject([{ text: "–" }, { missing: true }]);
});

test("The best of a metric is marked, and the others say how far from the baseline they are", () => {
  const runs = [0.5, 0.75, 0.25].map((acc, at) =>
    run(`r${at}`, {
      row: row(`r${at}`, { metrics: { acc: summary(acc), loss: summary(1 - acc), seen: summary(at) } }),
    }),
  );
  const [acc, loss, seen] = section(runs, "Metrics", { base: 0 })?.lines ?? [];
  expect(acc?.cells().map((cell) => cell.best)).toEqual([false, true, false]);
  expect(acc?.cells().map((cell) => cell.delta)).toEqual([
    undefined,
    { text: "+0.2500  +50.0%", good: true },
    { text: "−0.2500  −50.0%", good: false },
  ]);
  expect(loss?.cells().map((cell) => cell.best)).toEqual([false, true, false]);
  expect(loss?.cells()[1]?.delta?.good).toBe(true);
  expect(seen?.cells().some((cell) => cell.best)).toBe(false);
  expect(seen?.cells()[1]?.delta).toEqual({ text: "+1", good: null });
  expect(section(runs, "Metrics", { base: 1 })?.lines[0]?.cells()[0]?.delta?.text).toBe("−0.2500  −33.3%");
});

test("The summary and the direction that were chosen by hand are those of the comparison", () => {
  const runs = [
    run("a", { row: row("a", { metrics: { loss: summary(2, 0.5) } }) }),
    run("b", { row: row("b", { metrics: { loss: summary(1, 0.75) } }) }),
  ];
  const [line] = section(runs, "Metrics", { stats: { loss: "min" }, better: { loss: "max" } })?.lines ?? [];
  expect(line?.note).toBe("min");
  expect(line?.cells().map((cell) => [cell.text, cell.best])).toEqual([
    ["0.5000", false],
    ["0.7500", true],
  ]);
});

test("NaN equals itself, and neither it nor infinity has a difference", () => {
  const both = (value: "NaN" | "Infinity", other: number | "NaN") =>
    [value, other].map((last, at) =>
      run(`r${at}`, { row: row(`r${at}`, { metrics: { acc: { ...summary(0), last } } }) }),
    );
  expect(section(both("NaN", "NaN"), "Metrics")?.lines[0]?.differs).toBe(false);
  const line = section(both("Infinity", 1), "Metrics")?.lines[0];
  expect(line?.differs).toBe(true);
  expect(line?.cells().map((cell) => cell.text)).toEqual(["inf", "1"]);
  expect(line?.cells()[1]?.delta).toBeUndefined();
});

test("Git, data, environment and packages are compared, one line each", () => {
  const make = (id: string, commit: string, numpy: string) =>
    run(id, {
      git: { commit, branch: "main", dirty: id === "b" },
      environment: { python: "3.11.7", packages: { numpy, scipy: "1.0" } },
      datasets: [{ name: "digits", role: "train", kind: "array", path: null, hash: `${id}23456789abcdef`, info: {} }],
    });
  const runs = [make("a", "1".repeat(40), "2.0"), make("b", "2".repeat(40), "2.1")];
  expect(texts(runs, "Git")).toEqual([
    ["commit", true, "1".repeat(12), "2".repeat(12)],
    ["changes", true, "none", "uncommitted"],
    ["branch", false, "main", "main"],
  ]);
  expect(texts(runs, "Packages")).toEqual([
    ["numpy", true, "2.0", "2.1"],
    ["scipy", false, "1.0", "1.0"],
  ]);
  expect(texts(runs, "Environment")).toEqual([["Python", false, "3.11.7", "3.11.7"]]);
  expect(texts(runs, "Data")).toEqual([["train digits", true, "a23456789abc", "b23456789abc"]]);
});

test("A param called like a method of objects is a param", () => {
  const params = JSON.parse('{"constructor": 1, "__proto__": 2, "toString": 3}');
  const names = texts([run("a", { row: row("a", { params }) }), run("b")], "Params")?.map(([name]) => name);
  expect(names?.sort()).toEqual(["__proto__", "constructor", "toString"]);
  const metrics = section([run("a", { row: row("a", { metrics: { toString: summary(1) } }) }), run("b")], "Metrics");
  expect(metrics?.lines[0]?.cells().map((cell) => cell.text)).toEqual(["1", "–"]);
});
