// For the tests: runs with metrics and params, and pages of them as Python would answer.
import { screen } from "@testing-library/preact";
import type { Answers } from "../../../api/fake";
import type { Json, PageRequest, RunPage, RunRow, Summary } from "../../../contract";
import { key, row } from "../toolbar/fixture";

export const summary = (last: number, count = 1): Summary => ({
  last,
  min: last - 0.1,
  max: last + 0.1,
  mean: last,
  count,
  last_step: count,
  source: "explicit",
});

export function run(at: number, change: Partial<RunRow> = {}): RunRow {
  const metrics = { acc: summary(0.5 + at / 1000), loss: summary(1 - at / 1000) };
  const params = { lr: 0.1 / (at + 1), optimizer: at % 2 ? "adam" : "sgd" };
  return row(`r${at}`, { name: `run ${at}`, metrics, params, ...change });
}

export const RUNS = Array.from({ length: 400 }, (_, at) => run(at));

export const KEYS = [
  key("metric", "acc", "max"),
  key("metric", "loss", "min"),
  key("param", "lr"),
  { ...key("param", "optimizer"), types: ["str"] },
];

function given(row: RunRow, name: string): Json {
  const [kind = "", own = ""] = name.split(".");
  if (kind === "metrics") return row.metrics[own]?.last ?? null;
  if (kind === "params") return row.params[own] ?? null;
  return (row as unknown as Record<string, Json>)[name] ?? null;
}

/** Windows of runs that can change; a filter of ids, "optimizer = '…'", or "none". */
export function pages(runs: () => readonly RunRow[]): (request: PageRequest) => RunPage {
  return ({ filter = "", also = [], sort = [], offset = 0, limit = 50 }) => {
    let found = [...runs()];
    for (const text of [filter, ...also].filter(Boolean)) {
      const ids = text.startsWith("id ") ? new Set(text.match(/(?<=')[^']+(?=')/g)) : null;
      const optimizer = text.match(/optimizer = '(.*)'/)?.[1];
      found = found.filter((one) =>
        ids ? ids.has(one.id) : optimizer !== undefined && one.params.optimizer === optimizer,
      );
    }
    const first = sort[0];
    if (first) {
      const name = first.replace(/^-/, "");
      const way = first.startsWith("-") ? -1 : 1;
      found.sort((a, b) => way * (Number(given(a, name)) - Number(given(b, name))));
    }
    const revision = Math.max(0, ...runs().map((one) => one.revision));
    return { rows: found.slice(offset, offset + limit), matched: found.length, total: runs().length, offset, revision };
  };
}

export function answers(runs: () => readonly RunRow[] = () => RUNS, more: Answers = {}): Answers {
  return {
    "runs.keys": () => ({ keys: KEYS }),
    "runs.page": pages(runs),
    "runs.series": () => ({ series: [], revision: 1, missing: [] }),
    "tables.facts": ({ columns }) => ({
      columns: (columns ?? []).map((column) => {
        const found = runs().map((one) => Number(given(one, column)));
        return { column, runs: found.length, differs: true, low: Math.min(...found), high: Math.max(...found) };
      }),
      looked_at: runs().length,
      matched: runs().length,
      revision: 1,
    }),
    ...more,
  };
}

export const grid = () => screen.getByLabelText("Runs");
/** The line of a run, by its name; the first where it also stands at the top. */
export const line = (name: string) => screen.getAllByText(name)[0]?.closest<HTMLElement>("[role=row]") as HTMLElement;
export const cell = (name: string, column: string) =>
  [...line(name).querySelectorAll<HTMLElement>("[data-col]")].find((one) => one.dataset.col === column) as HTMLElement;
export const names = () =>
  [...document.querySelectorAll<HTMLElement>(".nbt-lines .nbt-run-name")].map((one) => one.textContent ?? "");
export const heading = (name: string) =>
  screen.getAllByRole("columnheader").find((one) => one.textContent?.startsWith(name)) as HTMLElement;
