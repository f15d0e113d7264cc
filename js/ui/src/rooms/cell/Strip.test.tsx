import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CellHistory } from "../../contract";
import { brief, history, NOW } from "./fixture";
import { Strip } from "./Strip";
import { bestOf, inWords } from "./words";

beforeEach(() => {
  vi.useFakeTimers({ now: (NOW + 60) * 1000 });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function strip(given: CellHistory | null | undefined, open: string | null = null) {
  const onOpen = vi.fn();
  const onAll = vi.fn();
  const shown = render(<Strip history={given} open={open} onOpen={onOpen} onAll={onAll} />);
  return { onOpen, onAll, ...shown };
}

const three = history([brief("c", 0.8), brief("b", 0.9), brief("a", 0.5)], 12);
const names = () => screen.getAllByRole("button").map((one) => one.getAttribute("aria-label") ?? one.textContent);

test("The newest run stands first, the best is named, and all of them are counted", () => {
  strip(three);
  expect(names()).toEqual([
    "run c · finished · acc 0.8 · took 2.0 s · 1 min ago",
    "run b · finished · acc 0.9, the best here · took 2.0 s · 1 min ago",
    "run a · finished · acc 0.5 · took 2.0 s · 1 min ago",
    "12 runs",
  ]);
  expect(screen.getByRole("img", { name: "acc over 3 runs, from 0.5 to 0.8" })).toBeTruthy();
});

test("At most eight runs are shown", () => {
  strip(history(Array.from({ length: 12 }, (_, at) => brief(`r${at}`, at))));
  expect(screen.getAllByRole("button")).toHaveLength(9);
});

test("A cell that was never run says so, and one that nobody asked about says nothing", () => {
  const { rerender } = strip(null);
  expect(screen.getByRole("toolbar").textContent).toBe("Tracked · no runs yet");
  rerender(<Strip history={undefined} open={null} onOpen={() => {}} onAll={() => {}} />);
  expect(screen.getByRole("toolbar").textContent).toBe("");
});

test("The newest run shows its own curve and how far it is while it runs", () => {
  const running = brief("c", 0.4, {
    status: "running",
    progress: { step: 12, total: 100 },
    metric: { name: "acc", value: 0.4, better: "max", spark: [0.1, 0.2, 0.4] },
  });
  const { container } = strip(history([running, brief("b", 0.9)]));
  const run = container.querySelector("[data-run=c]");
  expect(run?.querySelector(".nbt-cell-live path")?.getAttribute("d")).toMatch(/^M3\.0 13\.0L24\.0/);
  expect(run?.textContent).toContain("step 12 of 100");
  expect(container.querySelectorAll(".nbt-cell-live")).toHaveLength(1);
});

test("What failed says so by a sign and a word", () => {
  const { container } = strip(history([brief("b", null, { status: "failed" }), brief("a", null)]));
  expect(container.querySelector("[data-run=b]")?.textContent).toContain("✗failed");
  expect(container.querySelector("[data-run=a]")?.textContent).toContain("✓2.0 s");
});

test("A click opens a run, another one closes it, and the count shows all", () => {
  const { onOpen, onAll } = strip(three, "b");
  const [first, second, , all] = screen.getAllByRole("button");
  fireEvent.click(first as Element);
  fireEvent.click(second as Element);
  fireEvent.click(all as Element);
  expect(onOpen.mock.calls).toEqual([["c"], [null]]);
  expect(onAll).toHaveBeenCalledOnce();
  expect(second?.getAttribute("aria-expanded")).toBe("true");
});

test("The line is one stop of the tab key, and arrows go along it", () => {
  strip(three);
  const buttons = screen.getAllByRole("button");
  const stops = () => buttons.map((one) => one.tabIndex);
  expect(stops()).toEqual([0, -1, -1, -1]);
  buttons[0]?.focus();
  for (const [key, place] of [
    ["ArrowRight", 1],
    ["End", 3],
    ["ArrowRight", 3],
    ["ArrowLeft", 2],
    ["Home", 0],
  ] as const) {
    fireEvent.keyDown(document.activeElement as Element, { key });
    expect(document.activeElement).toBe(buttons[place]);
    expect(stops().indexOf(0)).toBe(place);
  }
});

test("Names that look like markup stay text", () => {
  const bad = "<img src=x onerror=alert(1)>";
  const { container } = strip(
    history([brief("b", 0.9, { name: bad, metric: { name: bad, value: "NaN", better: null, spark: [] } })]),
  );
  expect(container.querySelector("img")).toBeNull();
  expect(names()[0]).toContain(bad);
});

test("The best is the highest or lowest of the finished ones, and nothing where nobody knows what better is", () => {
  const low = (id: string, value: number) =>
    brief(id, 0, { metric: { name: "loss", value, better: "min", spark: [] } });
  expect(bestOf([low("a", 3), low("b", 1), low("c", 2)])).toBe("b");
  expect(bestOf([brief("c", 0.99, { status: "running" }), brief("b", 0.9), brief("a", 0.5)])).toBe("b");
  expect(bestOf([brief("b", "NaN"), brief("a", 0.5)])).toBeNull();
  expect(bestOf([brief("a", 0.5)])).toBeNull();
  expect(bestOf([brief("b", 0.5), brief("a", 0.5)])).toBeNull();
  const unknown = { name: "x", value: 1, better: null, spark: [] };
  expect(bestOf([brief("a", 0, { metric: unknown }), brief("b", 0, { metric: unknown })])).toBeNull();
});

test("A run is described in words, however long its name", () => {
  expect(inWords(brief("a", null, { name: "n".repeat(200), status: "crashed" }), false)).toMatch(/^n{59}… · crashed/);
});
