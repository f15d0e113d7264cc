import { allColumns } from "@nbtrack/ui/src/lib/columns";
import { ARRANGED } from "@nbtrack/ui/src/state/view";
import { expect, test } from "vitest";
import { Broken, specIn } from "./file";
import { fileOf } from "./filed";
import { specOf } from "./spec";

const key = (kind: "metric" | "param", name: string) => ({ kind, name, runs: 1, types: ["float"], better: null });
const COLUMNS = allColumns([key("metric", "acc"), key("param", "lr")]);

test("a view that is saved comes back as it was: filter, sort, columns, charts", () => {
  const view = {
    ...ARRANGED,
    filter: "params.lr < 1",
    also: [{ id: "1", label: "brushed", where: "metrics.acc > 0.5" }],
    sort: [{ id: "metrics.acc", desc: true }],
    order: ["metrics.acc"],
    visible: { status: false },
    metrics: ["acc"],
  };
  const spec = specIn(fileOf(view, {}, COLUMNS));
  expect(spec).toMatchObject({
    filter: "(params.lr < 1) and (metrics.acc > 0.5)",
    sort: ["-metrics.acc"],
    charts: ["acc"],
  });
  expect(spec.columns?.slice(0, 2)).toEqual(["metrics.acc", "name"]);
  expect(spec.columns).not.toContain("status");
  expect(spec.hidden).toContain("status");
});

test("what the table was about from the start stays what the file is about", () => {
  const spec = specIn(fileOf(ARRANGED, { also: ["id in ('a')"], experiment: "churn" }, COLUMNS));
  expect(spec).toMatchObject({ also: ["id in ('a')"], experiment: "churn", filter: "" });
});

const line = (text: string): number => {
  try {
    specIn(text);
  } catch (error) {
    if (error instanceof Broken) return error.line;
  }
  return 0;
};

test.each([
  ['{\n  "v": 1,\n  "filter": oops\n}', 3],
  ['{\n  "v": 1,', 2],
  ['{\n  "v": 1\n  "filter": ""\n}', 3],
  ['{\n  "sort": [\n    "a",\n  ]\n}', 4],
  ['{\n  "sort": ["a\n"]\n}', 2],
  ["{\n}\nmore", 3],
  ["", 1],
  ["[]", 1],
  ['{\n  "v": 1,\n\n  "sort": "acc"\n}', 4],
  ['{\n  "filter": 7\n}', 2],
  ['{\n "v": 9}', 2],
])("a broken file says in which line: %j", (text, expected) => {
  expect(line(text)).toBe(expected);
});

test.each([null, 3, "x", [], { v: 2 }, { sort: [1] }, { height: Number.NaN }, { columns: {} }])(
  "of an output that makes no sense nothing is used: %j",
  (given) => {
    const { spec, problem } = specOf(given);
    expect(problem).not.toBeNull();
    expect(Object.keys(spec)).toEqual(Object.keys(spec).filter((name) => name === "v"));
  },
);

test("a height that nobody could look at is brought into bounds", () => {
  expect(specOf({ height: 1e9 }).spec.height).toBe(4000);
  expect(specOf({ height: -5 }).spec.height).toBe(200);
});
