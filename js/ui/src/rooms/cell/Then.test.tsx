import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../api/fake";
import type { Rewritten } from "../../contract";
import { detail, explanation, output, panel, row, settle } from "../run/fixture";
import { AgainstCell, ParamsChange } from "./Bodies";
import { brief } from "./fixture";
import { Then } from "./Then";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const runs = [brief("c", 0.8), brief("b", 0.9), brief("a", 0.5)];
const of = (run: string) => detail({ row: row({ id: run, name: `run ${run}` }), code: `lr = "${run}"\n` });
const AGAINST: Answers = {
  "runs.get": ({ run }) => of(run),
  "runs.against": ({ run, text }) => ({
    same: text === `lr = "${run}"\n`,
    code: [
      { kind: "left", text: `lr = "${run}"`, left: 1, right: null },
      { kind: "right", text, left: null, right: 1 },
    ],
  }),
};

async function then(run: string, answers: Answers = {}, change: { now?: string; locked?: string | null } = {}) {
  const made = panel({ ...AGAINST, ...answers });
  const act = { restore: vi.fn(), insert: vi.fn(), runWith: vi.fn(), open: vi.fn(), compare: vi.fn() };
  const [onOpen, onClose] = [vi.fn(), vi.fn()];
  const shown = runs.find(({ id }) => id === run) ?? brief(run, 1);
  const props = { run: shown, runs, now: "lr = 1", locked: null, actions: act, onOpen, onClose, ...change };
  made.show(<Then {...props} />);
  await settle();
  return { act, onOpen, onClose, ...made };
}

const button = (name: string) => screen.getByRole("button", { name });
const off = (name: string) => button(name).getAttribute("aria-disabled") === "true";

test("The code of then stands against the cell now, with params, metrics and output", async () => {
  await then("b");
  expect(screen.getByText("run b")).toBeTruthy();
  const rows = within(screen.getByLabelText("Difference of the code")).getAllByRole("row");
  expect(rows.map((one) => one.textContent)).toEqual([
    expect.stringContaining('"b"'),
    expect.stringContaining("lr = 1"),
  ]);
  expect(screen.getByRole("row", { name: /^lr 0\.1/ })).toBeTruthy();
  expect(screen.getByRole("row", { name: /^acc 0\.9/ })).toBeTruthy();
  expect(screen.getByText(/epoch 1/)).toBeTruthy();
});

test("Code that is the same is said to be", async () => {
  await then("b", {}, { now: 'lr = "b"\n' });
  expect(screen.getByText("The same as in the cell now.")).toBeTruthy();
  expect(screen.queryByLabelText("Difference of the code")).toBeNull();
});

test("Each button does its own, and what cannot be done is off and does nothing", async () => {
  const { act } = await then("c");
  for (const name of ["Restore this code", "Insert below", "Run with these params", "Open"])
    fireEvent.click(button(name));
  expect(Object.values(act).map((one) => one.mock.calls.length)).toEqual([1, 1, 1, 1, 0]);
  expect(off("Compare with the latest")).toBe(true);
  fireEvent.click(button("Compare with the latest"));
  expect(act.compare).not.toHaveBeenCalled();
});

test("A cell that is locked cannot get code back, and a run without code or params has none to give", async () => {
  await then("b", {}, { locked: "This cell is read-only." });
  expect([off("Restore this code"), off("Insert below")]).toEqual([true, false]);
  expect(button("Restore this code").title).toBe("This cell is read-only.");
  cleanup();
  await then("b", { "runs.get": ({ run }) => ({ ...of(run), code: null, params: [] }) });
  expect([off("Restore this code"), off("Insert below"), off("Run with these params")]).toEqual([true, true, true]);
});

test("Arrows go to the newer and the older run, not beyond them, and not out of a box that scrolls", async () => {
  const { onOpen } = await then("b");
  fireEvent.keyDown(button("Open"), { key: "ArrowLeft" });
  fireEvent.keyDown(button("Open"), { key: "ArrowRight" });
  fireEvent.keyDown(button("Open"), { key: "ArrowRight", altKey: true });
  fireEvent.keyDown(screen.getByLabelText("Difference of the code"), { key: "ArrowRight" });
  expect(onOpen.mock.calls).toEqual([["c"], ["a"]]);
  cleanup();
  const last = await then("a");
  fireEvent.keyDown(button("Open"), { key: "ArrowRight" });
  expect(last.onOpen).not.toHaveBeenCalled();
  expect([off("Newer run"), off("Older run")]).toEqual([false, true]);
});

test("What changed around the code until the latest run is said, and not what the difference shows anyway", async () => {
  const reason = { rank: 1, name: "numpy", why: "", left: "1.0", right: "2.0", lines: [] };
  const made = await then("a", {
    "lineage.explain": () =>
      explanation({
        reasons: [
          { ...reason, what: "environment", text: "numpy went from 1.0 to 2.0." },
          { ...reason, what: "param", text: "lr went from 1 to 2." },
        ],
      }),
  });
  expect(screen.getByText(/Until the latest run also changed/).textContent).toBe(
    "Until the latest run also changed: numpy went from 1.0 to 2.0.",
  );
  expect(made.transport.of("lineage.explain")).toEqual([{ run: "c", against: "a" }]);
});

test("HTML of then stands in a frame that may do nothing, names as text", async () => {
  const bad = "<img src=x onerror=alert(1)>";
  const { container } = { container: document.body };
  await then("b", {
    "runs.get": ({ run }) => ({
      ...of(run),
      params: [{ name: bad, value: bad, source: "explicit", at: 1, earlier: [] }],
    }),
    "runs.outputs": () => ({ outputs: [output({ kind: "display", mime: "text/html", text: `<b>x</b>${bad}` })] }),
  });
  expect(container.querySelector("img")).toBeNull();
  expect(container.querySelector("iframe")?.getAttribute("sandbox")).toBe("");
});

test("A run that is gone is said to be, and can be asked for again", async () => {
  await then("b", {
    "runs.get": () => {
      throw Object.assign(new Error("No run 'b'."), { hint: "It was deleted." });
    },
  });
  expect(screen.getByRole("alert").textContent).toContain("No run 'b'.");
});

const rewritten = (change: Partial<Rewritten> = {}): Rewritten => ({
  text: "lr = 0.1\nfit(lr, depth)",
  changed: [{ what: "param", name: "lr", left: 0.5, right: 0.1 }],
  kept: [],
  missing: [{ what: "param", name: "depth", left: null, right: 4 }],
  ...change,
});

test("The params of then are shown in the text, with what changes and what the text does not set", () => {
  panel().show(<ParamsChange text={"lr = 0.5\nfit(lr, depth)"} rewritten={rewritten()} own />);
  const rows = within(screen.getByLabelText("Difference of the code")).getAllByRole("row");
  expect(rows.map((one) => one.textContent?.trim())).toEqual(["−removedlr = 0.5", "+addedlr = 0.1", "fit(lr, depth)"]);
  expect(screen.getByLabelText("Changed").textContent).toBe("Changedlr0.5 → 0.1");
  expect(screen.getByLabelText("Not set in this cell").textContent).toContain("depth4");
});

test("A text that has the params already says so", () => {
  const text = "lr = 0.1\nfit(lr, depth)";
  panel().show(<ParamsChange text={text} rewritten={rewritten({ changed: [], missing: [] })} own={false} />);
  expect(screen.getByText("The code has these params already.")).toBeTruthy();
  expect(screen.getByText(/a new one can be inserted/)).toBeTruthy();
});

test("The code of a run stands against a cell, or is the same", async () => {
  panel(AGAINST).show(<AgainstCell run="b" text="lr = 1" own />);
  await settle();
  expect(screen.getByText("− only then, + only in the cell now.")).toBeTruthy();
  cleanup();
  panel(AGAINST).show(<AgainstCell run="b" text={'lr = "b"\n'} own={false} />);
  await settle();
  expect(screen.getByText("The code is the same as in the active cell now.")).toBeTruthy();
});
