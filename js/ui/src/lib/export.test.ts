import { csvParse } from "d3-dsv";
import { describe, expect, it } from "vitest";
import type { Json, Key, RunRow, Summary } from "../contract";
import { allColumns, type Column } from "./columns";
import {
  bestOf,
  csv,
  csvText,
  difference,
  latex,
  latexText,
  markdown,
  markdownText,
  type Sheet,
  titles,
} from "./export";

const summary = (last: Summary["last"]): Summary => ({
  last,
  min: last,
  max: 2,
  mean: last,
  count: 3,
  last_step: 2,
  source: "explicit",
});

function run(
  id: string,
  name: string,
  params: Record<string, Json> = {},
  metrics: Record<string, number> = {},
): RunRow {
  return {
    id,
    name,
    status: "finished",
    experiment: "digits",
    started: 1795266403,
    ended: 1795266463,
    duration: 60,
    kind: "cell",
    notebook: "train.ipynb",
    cell: null,
    execution: 3,
    parent: null,
    note: "",
    starred: false,
    trashed: null,
    end_reason: null,
    revision: 1,
    params,
    metrics: Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, summary(value)])),
    tags: {},
  };
}

const KEYS: Key[] = [
  { kind: "metric", name: "acc", runs: 3, types: ["float"], better: "max" },
  { kind: "metric", name: "loss", runs: 3, types: ["float"], better: "min" },
  { kind: "param", name: "lr", runs: 3, types: ["float"], better: null },
  { kind: "param", name: "model", runs: 3, types: ["str"], better: null },
];
const ALL = allColumns(KEYS);
const columns = (...ids: string[]) => ids.map((id) => ALL.find((column) => column.id === id) as Column);

function sheet(rows: RunRow[], ids: string[], more: Partial<Sheet> = {}): Sheet {
  return { columns: columns(...ids), rows, stats: {}, better: {}, baseline: null, deltas: "both", ...more };
}

const THREE = [
  run("a1", "first", { lr: 0.1, model: "cnn" }, { acc: 0.5, loss: 0.9 }),
  run("b2", "second", { lr: 1e-5, model: "a|b\\c" }, { acc: 0.75, loss: 0.25 }),
  run("c3", "third", { model: null }, { acc: 0.625 }),
];

describe("Markdown", () => {
  it("writes a table whose columns stand under one another, numbers at the right, the best in bold", () => {
    expect(markdown(sheet(THREE, ["name", "params.lr", "metrics.acc"]))).toBe(
      [
        "| run    |    lr |        acc |",
        "| ------ | ----: | ---------: |",
        "| first  |   0.1 |     0.5000 |",
        "| second | 1e-05 | **0.7500** |",
        "| third  |       |     0.6250 |",
        "",
      ].join("\n"),
    );
  });

  it("keeps to one line and one cell whatever a run is called", () => {
    const name = "a|b\nc\\d `e` *f* [g](h) <script>alert(1)</script> $x$ &lt; __i__ ~j~";
    const text = markdown(sheet([run("a1", name)], ["name"]));
    const line = text.split("\n")[2] ?? "";
    expect(text.split("\n")).toHaveLength(4);
    expect(line.replace(/\\[\\|]/g, "").match(/\|/g)).toHaveLength(2);
    expect(line).toContain("\\<script\\>alert(1)\\</script\\>");
    expect(line).toContain("a\\|b c\\\\d \\`e\\` \\*f\\*");
    expect(line).toContain("\\[g\\](h)");
    expect(line).toContain("\\$x\\$ \\&lt;");
    expect(line).toContain("\\_\\_i\\_\\_ \\~j\\~");
  });

  it("leaves an underscore alone that stands inside a word", () => {
    expect(markdownText("val_accuracy _x_")).toBe("val_accuracy \\_x\\_");
  });

  it("writes None, NaN, infinity and what is missing each in its own way", () => {
    const rows = [
      run("a1", "a", { model: null }, { acc: Number.NaN }),
      run("b2", "b", { model: "" }, { acc: Number.POSITIVE_INFINITY }),
      run("c3", "c", {}, { acc: Number.NEGATIVE_INFINITY }),
      run("d4", "d", { model: ["x", 1] }, {}),
    ];
    const lines = markdown(sheet(rows, ["params.model", "metrics.acc"]))
      .split("\n")
      .slice(2, 6);
    const parts = lines.map((line) =>
      line
        .split("|")
        .slice(1, 3)
        .map((part) => part.trim()),
    );
    expect(parts).toEqual([
      ["None", "nan"],
      ['""', "**inf**"],
      ["", "-inf"],
      ['\\["x",1\\]', ""],
    ]);
  });

  it("cuts a name of ten thousand characters and keeps the table narrow", () => {
    const text = markdown(sheet([run("a1", "n".repeat(10_000)), run("b2", "short")], ["name", "status"]));
    const [, , long = "", short = ""] = text.split("\n");
    expect(long.length).toBeLessThan(160);
    expect(long).toContain("…");
    expect(short.length).toBeLessThan(70);
  });

  it("says the difference from the baseline in the other runs' cells, as it is shown", () => {
    const rows = markdown(sheet(THREE, ["metrics.acc"], { baseline: THREE[0] })).split("\n");
    expect(rows[2]).toContain("0.5000 |");
    expect(rows[3]).toContain("**0.7500** (+0.2500, +50.0%)");
    const percent = markdown(sheet(THREE, ["metrics.acc"], { baseline: THREE[0], deltas: "percent" }));
    expect(percent).toContain("**0.7500** (+50.0%)");
    expect(percent).not.toContain("+0.2500");
  });

  it("names the summary of a metric, and both in full where a param has the same name", () => {
    const param: Column = { id: "params.acc", kind: "params", label: "acc", numeric: true, runs: 1, better: null };
    const both = [...columns("metrics.acc", "metrics.loss"), param];
    expect(titles({ columns: both, stats: { loss: "min" } })).toEqual(["metrics.acc", "loss (min)", "params.acc"]);
  });
});

describe("the best", () => {
  it("is the highest or lowest as the metric wants it", () => {
    expect(bestOf([1, undefined, 3, Number.NaN], "max")).toBe(3);
    expect(bestOf([1, undefined, 3], "min")).toBe(1);
  });

  it("is none of one, of equals, and where no direction is better", () => {
    expect(bestOf([1, undefined, Number.NaN], "max")).toBeUndefined();
    expect(bestOf([2, 2], "max")).toBeUndefined();
    expect(bestOf([1, 2], null)).toBeUndefined();
  });

  it("follows what was chosen by hand", () => {
    const text = markdown(sheet(THREE, ["metrics.acc"], { better: { acc: "min" } }));
    expect(text).toContain("**0.5000**");
    expect(text).not.toContain("**0.7500**");
  });
});

describe("a difference", () => {
  it("has no percentage of nothing", () => {
    expect(difference(1, 0, "both")).toBe("+1");
    expect(difference(1, 0, "percent")).toBe("");
  });
});

describe("LaTeX", () => {
  it("writes a table for booktabs", () => {
    expect(latex(sheet(THREE, ["name", "params.lr", "metrics.acc"]))).toBe(
      [
        "% \\usepackage{booktabs}",
        "\\begin{tabular}{lrr}",
        "\\toprule",
        "run & lr & acc \\\\",
        "\\midrule",
        "first & 0.1 & 0.5000 \\\\",
        "second & $1 \\times 10^{-5}$ & \\textbf{0.7500} \\\\",
        "third &  & 0.6250 \\\\",
        "\\bottomrule",
        "\\end{tabular}",
        "",
      ].join("\n"),
    );
  });

  it("escapes every character that means something to it", () => {
    expect(latexText("\\ & % $ # _ { } ~ ^")).toBe(
      "\\textbackslash{} \\& \\% \\$ \\# \\_ \\{ \\} \\textasciitilde{} \\textasciicircum{}",
    );
    expect(latexText("a\nb\u0000c\u202e")).toBe("a bc");
    expect(latexText("a--b---c")).toBe("a-{}-b-{}-{}-c");
    expect(latexText("[x] <y>")).toBe("{[}x] \\textless{}y\\textgreater{}");
  });

  it("takes no command from a run's name", () => {
    const text = latex(sheet([run("a1", "\\input{/etc/passwd} \\\\ \\end{tabular}")], ["name"]));
    expect(text.match(/\\end\{tabular\}/g)).toHaveLength(1);
    expect(text).not.toContain("\\input");
  });

  it("writes numbers that are none, and minus signs, as mathematics", () => {
    const rows = [
      run("a", "a", { lr: -0.5 }, { acc: Number.POSITIVE_INFINITY }),
      run("b", "b", {}, { acc: Number.NaN }),
    ];
    const text = latex(sheet(rows, ["params.lr", "metrics.acc"]));
    expect(text).toContain("$-0.5$ & $\\infty$");
    expect(text).toContain(" & nan");
  });

  it("escapes the per cent of a difference", () => {
    const text = latex(sheet(THREE, ["metrics.loss"], { baseline: THREE[0], deltas: "percent" }));
    expect(text).toContain("\\textbf{0.2500} ($-$72.2\\%)");
  });
});

describe("CSV", () => {
  it("begins with the id, has all digits and times that sort", () => {
    const row = run("a1", "x", { lr: 0.30000000000000004 }, { acc: 1 / 3 });
    const [first] = csvParse(csv(sheet([row], ["name", "started", "duration", "params.lr", "metrics.acc"])));
    expect(first).toEqual({
      id: "a1",
      name: "x",
      started: new Date(1795266403000).toISOString(),
      duration: "60",
      "params.lr": "0.30000000000000004",
      "metrics.acc": "0.3333333333333333",
    });
  });

  it("quotes what a spreadsheet would calculate, in cells and in names", () => {
    for (const text of ["=1+1", "+1", "-x", "@SUM(A1)", "\t=1", "\r=1"]) expect(csvText(text)).toBe(`'${text}`);
    for (const text of ["1=1", "a", "", "-12345678901234567890"]) expect(csvText(text)).toBe(text);
    const evil: Column = { id: "params.=cmd", kind: "params", label: "=cmd", numeric: false, runs: 1, better: null };
    const text = csv({
      ...sheet([run("a1", '=HYPERLINK("x")', { "=cmd": "=1" })], ["name"]),
      columns: [...columns("name"), evil],
    });
    const [first] = csvParse(text);
    expect(first?.name).toBe(`'=HYPERLINK("x")`);
    expect(first?.["params.=cmd"]).toBe("'=1");
  });

  it("leaves negative numbers numbers", () => {
    const [first] = csvParse(
      csv(sheet([run("a1", "x", { lr: -0.5 }, { acc: Number.NEGATIVE_INFINITY })], ["params.lr", "metrics.acc"])),
    );
    expect(first?.["params.lr"]).toBe("-0.5");
    expect(first?.["metrics.acc"]).toBe("-inf");
  });

  it("keeps commas, quotes, newlines and script in one cell", () => {
    const name = 'a,"b"\nc<script>alert(1)</script>';
    const parsed = csvParse(csv(sheet([run("a1", name)], ["name", "status"])));
    expect(parsed).toHaveLength(1);
    expect(parsed[0]?.name).toBe(name);
  });

  it("tells None from what is missing, and writes nested values as JSON", () => {
    const rows = [
      run("a", "a", { model: null }),
      run("b", "b", { model: true }),
      run("c", "c"),
      run("d", "d", { model: { k: [1] } }),
    ];
    const parsed = csvParse(csv(sheet(rows, ["params.model"])));
    expect(parsed.map((row) => row["params.model"])).toEqual(["None", "True", "", '{"k":[1]}']);
  });

  it("has the summary in the name of its column, and the differences beside it", () => {
    const text = csv(sheet(THREE, ["metrics.acc"], { stats: { acc: "min" }, baseline: THREE[0] }));
    const parsed = csvParse(text);
    expect(parsed.columns).toEqual([
      "id",
      "metrics.acc.min",
      "metrics.acc.min difference",
      "metrics.acc.min difference %",
    ]);
    expect(parsed[1]).toMatchObject({ "metrics.acc.min difference": "0.25", "metrics.acc.min difference %": "50" });
  });
});
