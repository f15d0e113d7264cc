import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunDetail, RunRow } from "../../contract";
import { Children, columnsOf, toldOf } from "./Children";
import { detail, ID, panel, row, settle, summary } from "./fixture";
import { Reproduced } from "./Reproduced";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const trial = (id: string, lr: number, acc: number, change: Partial<RunRow> = {}) =>
  row({ id, name: `trial ${id}`, parent: ID, params: { lr, depth: 3 }, metrics: { acc: summary(acc) }, ...change });
const TRIALS = [trial("t1", 0.1, 0.7), trial("t2", 0.2, 0.9), trial("t3", 0.3, 0.95, { status: "failed" })];

async function open(rows: RunRow[], change: Partial<RunDetail> = {}) {
  const children = rows.map(({ id }) => id);
  const made = panel({
    "runs.page": () => ({ rows, matched: rows.length, total: rows.length, offset: 0, revision: 1 }),
  });
  made.show(<Children detail={detail({ children, ...change })} />);
  await settle();
  return made;
}
const lines = () => screen.getAllByRole("row").map((one) => [...one.children].map((cell) => cell.textContent));

test("the runs inside stand beside one another with what differs, the best of those that finished marked", async () => {
  const { transport } = await open(TRIALS);
  expect(transport.of("runs.page").at(-1)).toMatchObject({ filter: `parent = '${ID}'` });
  expect(lines()).toEqual([
    ["run", "status", "lr", "acc ↑", "took"],
    ["●trial t1", "✓finished", "0.1", "0.7", "2.0 s"].map((text, at) =>
      at ? text : expect.stringMatching(/trial t1/),
    ),
    [expect.stringMatching(/trial t2/), "✓finished", "0.2", "★ best 0.9", "2.0 s"],
    [expect.stringMatching(/trial t3/), "✗failed", "0.3", "0.95", "2.0 s"],
  ]);
  expect(screen.getByText("2 finished, 1 failed of 3 runs")).toBeTruthy();
});

test("a sweep says itself which metric it is about, and which is its best", async () => {
  const about = { sweep: { objective: "loss", best: { run: "t1", metric: "loss" } } };
  const rows = TRIALS.map((one) => ({ ...one, metrics: { acc: summary(0.5), loss: summary(0.1) } }));
  await open(rows, { about, row: row({ kind: "sweep" }) });
  expect(screen.getByRole("heading", { name: /^Trials/ })).toBeTruthy();
  expect(lines()[0]).toEqual(["run", "status", "lr", "loss ↓", "acc ↑", "took"]);
  expect(within(screen.getAllByRole("row")[1] as HTMLElement).getByTitle("the best of them")).toBeTruthy();
});

test("one click opens a run, another shows all of them in the table", async () => {
  const { view } = await open(TRIALS);
  fireEvent.click(screen.getByRole("button", { name: "trial t2" }));
  expect(view.getState().open).toEqual({ kind: "run", id: "t2" });
  fireEvent.click(screen.getByRole("button", { name: "Show in the table" }));
  expect(view.getState()).toMatchObject({ open: null, also: [{ where: `parent = '${ID}'`, label: "part of moons" }] });
});

test("of many the first are shown, and the others when asked", async () => {
  await open(Array.from({ length: 30 }, (_, at) => trial(`t${at}`, at, at)));
  expect(screen.getAllByRole("row")).toHaveLength(13);
  fireEvent.click(screen.getByRole("button", { name: "Show 30" }));
  expect(screen.getAllByRole("row")).toHaveLength(31);
});

test("a run with none inside asks nothing and shows nothing", async () => {
  const { transport } = await open([]);
  expect(transport.of("runs.page")).toEqual([]);
  expect(screen.queryByRole("table")).toBeNull();
});

test("scores come before times and parts, what is the same in all is left out", () => {
  const metrics = {
    fit_seconds: summary(1),
    split0_test: summary(1),
    mean_test_score: summary(1),
    "system/cpu": summary(1),
  };
  expect(columnsOf([row({ metrics, params: { a: 1, b: 1 } }), row({ metrics, params: { a: 2, b: 1 } })])).toEqual({
    params: ["a"],
    metrics: ["mean_test_score", "fit_seconds", "split0_test"],
  });
  expect(toldOf({ search: { best: "t9" } })).toEqual({ objective: null, best: "t9" });
  expect(toldOf({ search: { best: 7 }, sweep: 3 })).toEqual({ objective: null, best: null });
});

test("a reproduction says what it came to, what decided, and why", () => {
  const metrics = [
    // biome-ignore lint/suspicious/noThenProperty: the wire calls it so
    { name: "acc", then: 0.9, now: 0.8, within: false, decides: true },
    // biome-ignore lint/suspicious/noThenProperty: the wire calls it so
    { name: "fit_seconds", then: 1, now: 2, within: false, decides: false },
    // biome-ignore lint/suspicious/noThenProperty: the wire calls it so
    { name: "loss", then: "NaN", now: null, within: null, decides: true },
  ];
  const reasons = ["In[3] draws random numbers without a seed."];
  const about = { reproduced: { verdict: "differs", metrics, missing: ["loss"], reasons } };
  panel().show(<Reproduced about={about} />);
  expect(screen.getByText(/at least one metric came out otherwise/)).toBeTruthy();
  expect(screen.getByText(reasons[0] as string)).toBeTruthy();
  expect(lines().slice(1)).toEqual([
    ["acc", "0.9", "0.8", "✗ no"],
    ["fit_seconds", "1", "2", "no (a time: decides nothing)"],
    ["loss", "–", "–", "did not come again"],
  ]);
  expect(screen.getByText("Not logged this time: loss")).toBeTruthy();
  cleanup();
  expect(panel().show(<Reproduced about={{ reproduced: 7 }} />).container.textContent).toBe("");
});
