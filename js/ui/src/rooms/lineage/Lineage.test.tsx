import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../api/fake";
import type { Dataset, Hidden } from "../../contract";
import { detail, explanation, ID, panel, row, settle } from "../run/fixture";
import { OneRun } from "../run/OneRun";
import { dataFacts, shortHash } from "./Datasets";
import { cell, EDITED, lineage, UNSEEDED } from "./fixture";
import { VerdictChip } from "./Verdict";
import { briefOf, firstLines, toneOf } from "./words";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function open(given: Answers = {}) {
  const made = panel({ "lineage.graph": () => lineage(), ...given });
  const shown = made.show(<OneRun id={ID} />);
  await settle();
  fireEvent.click(screen.getByRole("tab", { name: /^Lineage/ }));
  await settle();
  return { ...made, ...shown };
}
const cells = () => within(screen.getByRole("list", { name: /cells this run comes from/ })).getAllByRole("button");
const card = (at: number) => cells()[at] as HTMLElement;
const chosen = () => screen.queryByRole("region", { name: /^Cell In/ });

test("each cell is a button that says what it takes, gives and hides, in the order they ran", async () => {
  await open();
  const said = cells().map((one) => one.textContent?.replace(/\s+/g, " "));
  expect(cells().every((one) => one.getAttribute("aria-label") === null)).toBe(true);
  expect(said).toEqual([
    "In [1], cell 1, import pandas as pd →, gives pd module pandas, ",
    'In [2], cell 2, ⚠ edited sinceX = pd.read_csv("houses.csv") y = X.pop("price") , takes pd from In [1]' +
      "→, gives X DataFrame 506 × 13, y Series 506, " +
      ". reads houses.csv. warning: The cell that made X was edited since.",
    "In [4], cell 4, a tracked run, scaled = scale(X) , takes X from In [2]→, gives scaled ndarray 506 × 13, ",
    "In [6], cell 6, this runmodel.fit(scaled, y) , takes y from In [2]; scaled from In [4]",
  ]);
});

test("the lines are drawn for the eye alone, one for each that something is taken from", async () => {
  const { container } = await open();
  const drawing = container.querySelector(".nbt-lin-lines");
  expect(drawing?.getAttribute("aria-hidden")).toBe("true");
  expect(drawing?.querySelectorAll("g")).toHaveLength(4);
});

test("the verdict names what the notebook hides, what came since, and what could not be told", async () => {
  await open();
  const verdict = screen.getByRole("region", { name: "Verdict" });
  expect(verdict.textContent).toContain("hidden state: 1 cell edited since");
  expect(verdict.textContent).toContain("1 of these has come since it ran.");
  fireEvent.click(within(verdict).getByRole("button", { name: "1 thing could not be told" }));
  expect(verdict.textContent).toContain("Cell 1 imports * from helpers.");
  fireEvent.click(within(verdict).getByRole("button", { name: "In [2]" }));
  await settle();
  expect(chosen()?.textContent).toContain('y = X.pop("price")');
});

test("a cell that a sentence names by its number can be gone to from there", async () => {
  const text = "In[2], which gave X, was edited since it ran; In[99] is not here.";
  await open({ "lineage.graph": () => lineage({ hidden: [{ ...EDITED, text }] }) });
  const sentence = within(screen.getByRole("region", { name: "Verdict" })).getAllByRole("listitem")[0] as HTMLElement;
  expect(sentence.textContent).toContain("In [2], which gave X, was edited since it ran; In[99] is not here.");
  expect(within(sentence).getAllByRole("button")).toHaveLength(1);
  fireEvent.click(within(sentence).getByRole("button", { name: "In [2]" }));
  await settle();
  expect(chosen()?.textContent).toContain("houses.csv");
});

test("what was hidden when it ran and is not any more is told apart", async () => {
  await open({
    "lineage.graph": () => lineage({ hidden: [], was: [EDITED], verdict: "reproducible as far as seen" }),
  });
  fireEvent.click(screen.getByRole("button", { name: "1 more when it ran" }));
  expect(screen.getByRole("list", { name: "When it ran" }).textContent).toContain(EDITED.text);
});

test("a chosen cell shows its code, names, data and the output of its run; Escape closes it, then leaves", async () => {
  const { view, transport } = await open({ "runs.get": ({ run }) => detail({ row: row({ id: run }) }) });
  fireEvent.click(card(2));
  await settle();
  expect(transport.of("runs.outputs")).toContainEqual({ run: "cc22cc22cc22" });
  expect(chosen()?.textContent).toContain("epoch 1");
  fireEvent.click(within(chosen() as HTMLElement).getByRole("button", { name: "In [2]" }));
  await settle();
  expect(document.activeElement).toBe(card(1));
  expect(chosen()?.textContent).toContain("houses.csv");
  fireEvent.keyDown(card(1), { key: "Escape" });
  expect(chosen()).toBeNull();
  expect(view.getState().open).not.toBeNull();
  fireEvent.keyDown(card(1), { key: "Escape" });
  expect(view.getState().open).toBeNull();
});

test("one stop of the tab key; arrows go where the cells stand", async () => {
  await open();
  expect(cells().map(({ tabIndex }) => tabIndex)).toEqual([-1, -1, -1, 0]);
  card(3).focus();
  for (const [key, at] of [
    ["ArrowUp", 2],
    ["ArrowUp", 1],
    ["ArrowDown", 2],
    ["Home", 0],
    ["End", 3],
  ] as const) {
    fireEvent.keyDown(document.activeElement as Element, { key });
    expect(document.activeElement).toBe(card(at));
  }
});

test("as a list, and where there are too many to draw, nothing is drawn and nothing is lost", async () => {
  const { container, unmount } = await open();
  fireEvent.click(screen.getByRole("button", { name: "List" }));
  expect(container.querySelector("svg.nbt-lin-lines")).toBeNull();
  expect(cells()).toHaveLength(4);
  unmount();
  const many = Array.from({ length: 200 }, (_, at) => cell(at + 1));
  await open({ "lineage.graph": () => lineage({ cells: many, edges: [] }) });
  expect(cells()).toHaveLength(200);
  expect(screen.getByText(/too many to draw/)).toBeTruthy();
});

test("a run without cells says why, and shows its data all the same", async () => {
  await open({
    "lineage.graph": () => lineage({ cells: [], edges: [], hidden: [], was: [], unknown: [] }),
    "runs.get": () => detail({ row: row({ kind: "script" }), datasets: [data({})] }),
  });
  expect(screen.getByText(/made by a script/)).toBeTruthy();
  expect(screen.getByText("houses.csv")).toBeTruthy();
});

const data = (info: Dataset["info"]): Dataset => ({
  name: "houses.csv",
  role: "input",
  kind: "file",
  path: "data/houses.csv",
  hash: "blake2b-0123456789abcdef",
  info,
});

test("data that changed since another run says so, and leads to that run", async () => {
  const info = {
    shape: [506, 13],
    bytes: 2048,
    sampled: true,
    changed: { run: "dd33dd33dd33", name: "before", at: 1 },
  };
  const { view } = await open({ "runs.get": () => detail({ datasets: [data({}), data(info)] }) });
  const [first] = screen.getAllByRole("listitem").filter((one) => one.className.includes("nbt-data"));
  expect(first?.textContent).toContain("506 × 13");
  expect(first?.textContent).toContain("sampled");
  expect(first?.textContent).toContain("changed since");
  fireEvent.click(within(first as HTMLElement).getByRole("button", { name: /before/ }));
  expect(view.getState().open).toEqual({ kind: "run", id: "dd33dd33dd33" });
});

test("facts of data are read whatever they are", () => {
  expect(dataFacts(data({ shape: "?", columns: ["a"], dtypes: { a: "int64" } })).columns).toEqual([["a", "int64"]]);
  expect(dataFacts(data({ changed: "x", bytes: null, git: "tracked", odd: [1] }))).toMatchObject({
    changed: null,
    bytes: null,
    more: [
      ["git:", "tracked"],
      ["odd", "[1]"],
    ],
  });
  const told = dataFacts(
    data({
      shape: [7],
      sampled: true,
      read: 64e6,
      made_by: { execution: 3 },
      seen: "named",
      since: "gone",
      dvc: { same: false },
    }),
  );
  expect(told).toMatchObject({ shape: "7 long", since: "gone" });
  expect(told.sampled).toContain("64.0 MB of it were read");
  expect(told.more.map(([key, text]) => `${key} ${text}`.trim())).toEqual([
    "named in the code; nobody saw it opened",
    "made by In [3]",
    "DVC: –, not the version it points to",
  ]);
  expect(shortHash("blake2b-0123456789abcdef")).toBe("blake2b-0123456789");
  expect(shortHash("sha256.64M-0123456789abcdef")).toBe("sha256.64M-0123456789");
  expect(shortHash("0123456789abcdef")).toBe("0123456789");
});

test("the chip beside the name leads to the lineage, and its sign says how grave it is", async () => {
  const about = { lineage: { verdict: "2 cells edited since", hidden: [EDITED], cells: 3, unknown: [] } } as never;
  const made = panel({ "lineage.graph": () => lineage(), "runs.get": () => detail({ about }) });
  made.show(<OneRun id={ID} />);
  await settle();
  const chip = screen.getByRole("button", { name: /2 cells edited since/ });
  expect(chip.textContent).toBe("⚠2 cells edited since");
  expect(screen.getByRole("tab", { name: /^Lineage/ }).textContent).toBe("Lineage3");
  expect(screen.getByRole("heading", { name: "Where it comes from" })).toBeTruthy();
  fireEvent.click(chip);
  await settle();
  expect(cells()).toHaveLength(4);
});

test("a run that nothing is known of has no chip", () => {
  const { show } = panel();
  for (const about of [undefined, {}, { lineage: 7 }, { lineage: { verdict: "" } }])
    expect(show(<VerdictChip about={about as never} />).container.textContent).toBe("");
});

test("a warning outweighs a note, and what is not known outweighs nothing", () => {
  expect(toneOf([UNSEEDED, EDITED], [])).toBe("warning");
  expect(toneOf([UNSEEDED], [])).toBe("note");
  expect(toneOf([], ["?"])).toBe("note");
  expect(toneOf([], [])).toBe("ok");
  expect(briefOf({ lineage: { verdict: "x", hidden: "?", unknown: [1, "y"] } } as never)).toMatchObject({
    hidden: [],
    unknown: ["y"],
  });
});

test("the lines that say most are neither comments nor magics, unless there are no others", () => {
  expect(firstLines("%%track\n\n# why\nx = 1\ny = 2\nz = 3", 2)).toEqual(["x = 1", "y = 2"]);
  expect(firstLines("# only this", 2)).toEqual(["# only this"]);
  expect(firstLines(null, 2)).toEqual([]);
});

test("markup in code, names and sentences stays text", async () => {
  const bad = "<img src=x onerror=alert(1)>";
  const hidden: Hidden = { what: bad as never, name: bad, text: bad, number: 1, severity: bad as never };
  const hostile = cell(1, { source: bad, gives: { [bad]: bad }, data: [bad], status: bad, hidden: [hidden], run: bad });
  const { container } = await open({
    "lineage.graph": () =>
      lineage({
        cells: [hostile, cell(2)],
        edges: [{ source: 1, target: 2, names: [bad] }],
        verdict: bad,
        unknown: [bad],
      }),
  });
  fireEvent.click(card(0));
  await settle();
  expect(container.querySelector("img")).toBeNull();
  expect(container.textContent).toContain(bad);
});

test("reasons of hidden state and variables lead to the lineage", async () => {
  const reasons = [
    {
      rank: 1,
      what: "hidden",
      name: "X",
      text: "X was made out of order.",
      why: "",
      left: null,
      right: null,
      lines: [],
    },
  ] as never;
  await open({ "lineage.explain": () => explanation({ reasons }) });
  fireEvent.click(screen.getByRole("tab", { name: /Why/ }));
  await settle();
  fireEvent.click(screen.getByRole("button", { name: "X was made out of order." }));
  expect(screen.getByRole("tab", { name: /^Lineage/ }).getAttribute("aria-selected")).toBe("true");
});
