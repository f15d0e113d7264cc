import { describe, expect, test } from "vitest";
import type { FigureAxis, Key } from "../../../contract";
import { allColumns } from "../../../lib/columns";
import { brushed } from "./brush";
import { mainMetric, newPlot } from "./specs";

const axis = (column: string, kind: FigureAxis["kind"], values: [number, string][] = []): FigureAxis => ({
  column,
  kind,
  places: values.map(([place]) => place),
  wheres: values.map(([, where]) => where),
});

describe("a brush on an axis", () => {
  test("becomes a range of values that the table is filtered by", () => {
    expect(brushed("p", axis("params.depth", "linear"), [2, 6])).toEqual({
      id: "brush:p:params.depth",
      label: "depth 2 … 6",
      where: "params.depth between 2 and 6",
    });
  });

  test("holds the runs at its very edge", () => {
    const where = brushed("p", axis("metrics.acc", "linear"), [0.912345678, 0.987654321])?.where ?? "";
    const [, low, high] = where.match(/between (\S+) and (\S+)/) ?? [];
    expect(Number(low)).toBeLessThanOrEqual(0.912345678);
    expect(Number(high)).toBeGreaterThanOrEqual(0.987654321);
  });

  test("on a log axis is about the values, not their logarithms", () => {
    expect(brushed("p", axis("params.lr", "log"), [-3, -1])?.where).toBe("params.lr between 0.001 and 0.1");
  });

  test("on texts finds the texts that it covers", () => {
    const texts = axis("params.opt", "categorical", [
      [0, "params.opt = 'adam'"],
      [1, "params.opt = 'it''s'"],
      [2, "params.opt = 'sgd'"],
      [-0.4, "params.opt is null"],
    ]);
    expect(brushed("p", texts, [0.5, 2.2])).toEqual({
      id: "brush:p:params.opt",
      label: "opt = 'it''s' or = 'sgd'",
      where: "(params.opt = 'it''s' or params.opt = 'sgd')",
    });
    expect(brushed("p", texts, [-1, -0.1])?.where).toBe("params.opt is null");
  });

  test("of several ranges finds either", () => {
    const where = brushed("p", axis("params.depth", "linear"), [
      [1, 2],
      [7, 9],
    ])?.where;
    expect(where).toBe("(params.depth between 1 and 2 or params.depth between 7 and 9)");
  });

  test("quotes names that the search language would read otherwise", () => {
    expect(brushed("p", axis('params.my "lr"', "linear"), [1, 2])?.where).toBe('params."my ""lr""" between 1 and 2');
  });

  test.each([[undefined], [[] as never]])("of nothing is no condition", (constraint) => {
    expect(brushed("p", axis("params.depth", "linear"), constraint)).toBeNull();
  });

  test("on values that the search language has no words for is no condition", () => {
    expect(brushed("p", axis("params.list", "categorical", [[0, ""]]), [-1, 1])).toBeNull();
  });
});

describe("a new plot", () => {
  const key = (kind: Key["kind"], name: string, runs: number, types: string[], better: Key["better"] = null): Key => ({
    kind,
    name,
    runs,
    types,
    better,
  });
  const columns = allColumns([
    key("metric", "loss", 9, ["float"], "min"),
    key("metric", "acc", 9, ["float"], "max"),
    key("param", "same", 9, ["int"]),
    key("param", "lr", 9, ["float"]),
    key("param", "opt", 9, ["str"]),
    key("param", "depth", 9, ["int"]),
  ]);
  const differing = new Set(["params.lr", "params.opt", "params.depth"]);

  test("of parallel coordinates has an axis for what differs, and the main metric last", () => {
    const plot = newPlot("parallel", columns, differing);
    expect(plot?.columns.at(-1)).toBe("metrics.acc");
    expect(new Set(plot?.columns.slice(0, -1))).toEqual(differing);
  });

  test("of two numbers takes numbers", () => {
    expect(newPlot("contour", columns, differing)?.columns).toEqual(["params.depth", "params.lr", "metrics.acc"]);
  });

  test("is not offered where there is nothing to show", () => {
    expect(newPlot("scatter", allColumns([]), new Set())).toBeNull();
    expect(newPlot("importance", allColumns([]), new Set())).toBeNull();
  });

  test("shows the metric that most runs have", () => {
    const more = allColumns([key("metric", "rare", 2, ["float"], "max"), key("metric", "loss", 9, ["float"], "min")]);
    expect(mainMetric(more)?.label).toBe("loss");
  });
});
