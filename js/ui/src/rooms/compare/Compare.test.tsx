import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../api/fake";
import { AskError } from "../../api/transport";
import type { DiffLine, RunDetail, RunRow } from "../../contract";
import type { View } from "../../state/view";
import { key, paged, pass, row, show } from "../runs/toolbar/fixture";
import { Compare } from "./Compare";

vi.mock("../lazy", () => ({ CurvesOf: ({ ids }: { ids: string[] }) => <p>curves of {ids.join(" ")}</p> }));

const summary = (last: number) => ({ last, min: last, max: last, mean: last, count: 1, last_step: 0, source: "" });
let rows: RunRow[];
let code: Record<string, string | null>;

beforeEach(() => {
  vi.useFakeTimers();
  rows = [
    row("a1", { params: { lr: 0.1, same: 1 }, metrics: { acc: summary(0.5) } }),
    row("b2", { params: { lr: 0.2, same: 1 }, metrics: { acc: summary(0.75) } }),
    row("c3", { name: "<b>third</b>", params: { lr: "<script>alert(1)</script>", same: 1 } }),
  ];
  code = { a1: "lr = 0.1\n", b2: "lr = 0.2\n", c3: "lr = 0.1\n" };
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function detail(id: string): RunDetail {
  const found = rows.find((one) => one.id === id);
  if (!found) throw new AskError({ code: "not_found", message: `No run '${id}'.`, hint: "" });
  const empty = { params: [], artifacts: [], datasets: [], children: [], environment: {}, git: null, session: {} };
  return { ...empty, about: {}, row: found, code: code[id] ?? null };
}

async function compare(ids: string[], more: Answers = {}, first: Partial<View> = {}) {
  const lines: DiffLine[] = [
    { kind: "left", text: "lr = 0.1 # <i>old</i>", left: 1, right: null },
    { kind: "right", text: "lr = 0.2", left: null, right: 1 },
  ];
  const answers: Answers = {
    "runs.page": (request) => paged(rows)(request),
    "runs.keys": () => ({ keys: [key("metric", "acc", "max"), key("param", "lr")] }),
    "runs.get": ({ run }) => detail(run),
    "runs.diff": ({ left, right }) => ({ left: detail(left).row, right: detail(right).row, code: lines, changes: [] }),
    ...more,
  };
  const shown = show(<Compare ids={ids} />, answers, { open: { kind: "compare", ids }, ...first });
  await pass(50);
  return shown;
}

const line = (name: string) => screen.getByRole("row", { name: new RegExp(`^${name} `) });
const cells = (name: string) =>
  within(line(name))
    .getAllByRole("cell")
    .map((cell) => cell.textContent);

test("Two runs stand side by side: what differs, the best marked, what is the same on request", async () => {
  await compare(["a1", "b2"]);
  expect(screen.getByRole("heading", { name: "Compare 2 runs" })).toBeTruthy();
  expect(cells("lr")).toEqual(["0.1", "0.2"]);
  expect(cells("acc")).toEqual(["0.5000", "★best0.7500+0.2500  +50.0%"]);
  expect(screen.queryByRole("row", { name: /^same/ })).toBeNull();
  fireEvent.click(screen.getByRole("checkbox", { name: "Show what is the same" }));
  await pass();
  expect(cells("same")).toEqual(["1", "1"]);
});

test("The code of two runs is compared, and what it says is text", async () => {
  const { transport } = await compare(["a1", "b2"]);
  expect(transport.of("runs.diff")).toEqual([{ left: "a1", right: "b2" }]);
  const part = screen.getByRole("region", { name: "Code" });
  expect(part.textContent).toContain("lr = 0.1 # <i>old</i>");
  expect(part.querySelector("i")).toBeNull();
  expect(part.textContent).toContain("1 line added, 1 removed");
});

test("Of more runs the pair is chosen; the same code is said without asking", async () => {
  const { transport } = await compare(["a1", "b2", "c3"]);
  const to = screen.getByLabelText("To") as HTMLSelectElement;
  expect(to.value).toBe("b2");
  to.value = "c3";
  fireEvent(to, new Event("change", { bubbles: true }));
  await pass(50);
  expect(screen.getByText("The code is the same.")).toBeTruthy();
  expect(transport.of("runs.diff")).toHaveLength(1);
});

test("Runs without code say so", async () => {
  code = {};
  await compare(["a1", "b2"]);
  expect(screen.getByText(/No code was recorded/)).toBeTruthy();
});

test("Script in names and values stays text", async () => {
  await compare(["a1", "c3"]);
  expect(screen.getByRole("button", { name: "<b>third</b>" })).toBeTruthy();
  expect(cells("lr")[1]).toBe("<script>alert(1)</script>");
  expect(document.querySelector("script, .nbt-compare b")).toBeNull();
});

test("Runs that were deleted are named and left out", async () => {
  rows[1] = { ...(rows[1] as RunRow), trashed: 1 };
  await compare(["a1", "b2", "c3", "dead"]);
  expect(screen.getByRole("status", { name: "" }).textContent).toContain("they were deleted: run b2, dead.");
  expect(screen.getAllByRole("columnheader")).toHaveLength(2);
  expect(screen.getByText("curves of a1 c3")).toBeTruthy();
});

test("A run that is deleted while it is shown goes, and is named", async () => {
  const { transport } = await compare(["a1", "b2"]);
  rows.splice(1, 1);
  transport.announce(9);
  await pass(1100);
  expect(screen.getByText(/Left out, because it was deleted: run b2/)).toBeTruthy();
  expect(screen.getAllByRole("columnheader")).toHaveLength(1);
});

test("Where all are gone the way back is said", async () => {
  rows = [];
  await compare(["a1", "b2"]);
  expect(screen.getByRole("heading", { name: "Nothing to compare" })).toBeTruthy();
});

test("Only a run that has changed is asked for again", async () => {
  const { transport } = await compare(["a1", "b2"]);
  rows[1] = { ...(rows[1] as RunRow), revision: 2, tags: { stage: "final" } };
  transport.announce(9);
  await pass(1100);
  expect(transport.of("runs.get").map(({ run }) => run)).toEqual(["a1", "b2", "b2"]);
  expect(cells("stage")).toEqual(["–", "final"]);
});

test("A slow answer is waited for while new revisions come, and asked once more after them", async () => {
  const waiting: (() => void)[] = [];
  const slow: Answers["runs.page"] = (request) =>
    new Promise((answer) => waiting.push(() => answer(paged(rows)(request))));
  const { transport } = await compare(["a1", "b2"], { "runs.page": slow });
  for (let revision = 2; revision < 6; revision++) {
    transport.announce(revision);
    await pass(1100);
  }
  expect(transport.of("runs.page")).toHaveLength(1);
  waiting[0]?.();
  await pass(50);
  expect(cells("lr")).toEqual(["0.1", "0.2"]);
  expect(transport.of("runs.page")).toHaveLength(2);
});

test("The run to compare with is the first, or the baseline, and can be another", async () => {
  const { view } = await compare(["a1", "b2"], {}, { baseline: "b2" });
  expect(cells("acc")[0]).toContain("−0.2500");
  const [first] = screen.getAllByRole("columnheader");
  fireEvent.click(within(first as HTMLElement).getByRole("button", { name: "set baseline" }));
  await pass();
  expect(view().baseline).toBe("a1");
  expect(cells("acc")[0]).toBe("0.5000");
});

test("A run is taken out, opened, and Escape goes back to the runs", async () => {
  const { view } = await compare(["a1", "b2", "c3"]);
  fireEvent.click(screen.getByRole("button", { name: "Leave run b2 out" }));
  expect(view().open).toEqual({ kind: "compare", ids: ["a1", "c3"] });
  fireEvent.click(screen.getByRole("button", { name: "run a1" }));
  expect(view().open).toEqual({ kind: "run", id: "a1" });
  fireEvent.keyDown(screen.getByRole("region", { name: "Compare runs" }), { key: "Escape" });
  expect(view().open).toBeNull();
});

test("More runs than can be read side by side are counted", async () => {
  rows = Array.from({ length: 30 }, (_, at) => row(`r${at}`));
  await compare(rows.map((one) => one.id));
  expect(screen.getAllByRole("columnheader")).toHaveLength(24);
  expect(screen.getByText("6 more runs were chosen; the first 24 are shown.")).toBeTruthy();
});

test("An error has its hint and is asked again", async () => {
  let fails = true;
  const page: Answers["runs.page"] = (request) => {
    if (fails) throw new AskError({ code: "busy", message: "The file is locked.", hint: "Try again." });
    return paged(rows)(request);
  };
  await compare(["a1", "b2"], { "runs.page": page });
  expect(screen.getByRole("alert").textContent).toContain("Try again.");
  fails = false;
  fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
  await pass(50);
  expect(cells("lr")).toEqual(["0.1", "0.2"]);
});

test("Ten thousand params that differ are shown in parts", async () => {
  const params = (value: number) => Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`p${at}`, value]));
  rows = [row("a1", { params: params(1) }), row("b2", { params: params(2) })];
  await compare(["a1", "b2"]);
  expect(document.querySelectorAll("tbody tr").length).toBeLessThan(120);
  fireEvent.click(screen.getByRole("button", { name: "9,900 more lines" }));
  await pass();
  expect(screen.getByRole("button", { name: "9,500 more lines" })).toBeTruthy();
});
