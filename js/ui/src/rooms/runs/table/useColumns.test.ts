import { describe, expect, it } from "vitest";
import type { Column } from "../../../lib/columns";
import { row } from "../toolbar/fixture";
import { summary } from "./fixture";
import { layoutOf } from "./layout";
import { askedColumns, keysOf } from "./useColumns";

const column = (id: string): Column => ({
  id,
  kind: id.includes(".") ? (id.split(".")[0] as Column["kind"]) : "meta",
  label: id,
  numeric: true,
  runs: 1,
  better: null,
});
const wide = (count: number) => ["name", ...Array.from({ length: count }, (_, at) => `params.p${at}`)].map(column);
const place = (columns: Column[]) => layoutOf(columns, new Set(["name"]), () => 100, 1000);

describe("the columns that are asked for", () => {
  it("are all that are seen, of what a run is only its tags", () => {
    const seen = ["name", "tags", "status", "metrics.acc", "params.lr"].map(column);
    expect(askedColumns(place(seen), 0, 300)).toEqual(["tags.*", "metrics.acc", "params.lr"]);
  });

  it("are those in sight and some beside them where there are ten thousand, the same ones for a small step", () => {
    const layout = place(wide(10_000));
    const asked = askedColumns(layout, 50_000, 1000);
    expect(asked.length).toBeLessThan(80);
    for (const at of [500, 505, 509]) expect(asked).toContain(`params.p${at}`);
    expect(askedColumns(layout, 50_050, 1000)).toEqual(asked);
    expect(askedColumns(layout, 900_000, 1000)).toContain("params.p9005");
  });
});

describe("the keys that some rows have", () => {
  it("are counted, and say whether a param is a number", () => {
    const rows = [
      row("a", { params: { lr: 0.1, opt: "adam" }, metrics: { acc: summary(1) }, tags: { stage: "x" } }),
      row("b", { params: { lr: "high" } }),
    ];
    expect(keysOf(rows)).toEqual([
      { kind: "metric", name: "acc", runs: 1, types: ["float"], better: null },
      { kind: "param", name: "lr", runs: 2, types: ["float", "str"], better: null },
      { kind: "param", name: "opt", runs: 1, types: ["str"], better: null },
      { kind: "tag", name: "stage", runs: 1, types: ["str"], better: null },
    ]);
  });
});
