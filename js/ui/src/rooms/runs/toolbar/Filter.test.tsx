import { cleanup, fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../../api/fake";
import type { RunPage } from "../../../contract";
import { Chips } from "./Chips";
import { Filter } from "./Filter";
import { paged, pass, row, show } from "./fixture";

const ROWS = [row("a1"), row("b2"), row("c3")];
const WORDS = ["params.depth", "params.lr", "params.<script>alert(1)</script>"];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const answers = (more: Answers = {}): Answers => ({
  "runs.page": paged(ROWS),
  "runs.complete": ({ text }) => ({ words: text.startsWith("par") ? WORDS : [] }),
  ...more,
});
const box = () => screen.getByRole("combobox") as HTMLInputElement;

function type(text: string): void {
  const input = box();
  input.focus();
  input.value = text;
  input.setSelectionRange(text.length, text.length);
  fireEvent.input(input);
}

const press = (name: string, more: KeyboardEventInit = {}) => fireEvent.keyDown(box(), { key: name, ...more });

test("A filter is applied when the typing rests, and the count says how many match", async () => {
  const { view } = show(<Filter />, answers());
  await pass();
  expect(screen.getByRole("status").textContent).toBe("3 runs");
  type("forest");
  await pass(140);
  expect(view().filter).toBe("");
  await pass(20);
  expect(view().filter).toBe("forest");
  await pass(600);
  expect(screen.getByRole("status").textContent).toBe("1 of 3 runs match");
});

test("A mistake is said after a rest, with its hint, and the last good filter stays", async () => {
  const { view } = show(<Filter />, answers(), { filter: "forest" });
  type("bad <");
  await pass(500);
  expect(screen.queryByRole("alert")).toBeNull();
  await pass(200);
  const alert = screen.getByRole("alert");
  expect(alert.textContent).toContain("Expected a value, found the end.");
  expect(alert.textContent).toContain("Write a number.");
  expect(alert.querySelector("mark")?.textContent).toBe("<");
  expect(box().getAttribute("aria-invalid")).toBe("true");
  expect(view().filter).toBe("forest");
});

test("A mistake is said at once when the box is left, and goes when one types on", async () => {
  show(<Filter />, answers());
  type("bad <");
  await pass(10);
  box().blur();
  await pass(10);
  expect(screen.getByRole("alert")).toBeTruthy();
  type("bad <2");
  await pass(10);
  expect(screen.queryByRole("alert")).toBeNull();
});

test("A field that was begun is not searched for as a word", async () => {
  const { view } = show(<Filter />, answers());
  type("params.l");
  await pass(1000);
  expect(view().filter).toBe("");
  press("Escape"); // the completions
  press("Enter");
  await pass(10);
  expect(view().filter).toBe("params.l");
});

test("A slow answer about an older text does not come back", async () => {
  const waiting: ((page: RunPage) => void)[] = [];
  const slow = (request: { filter?: string }) =>
    request.filter === "old" ? new Promise<RunPage>((done) => waiting.push(done)) : paged(ROWS)(request);
  const { view } = show(<Filter />, answers({ "runs.page": slow }));
  type("old");
  await pass(160);
  type("newer");
  await pass(200);
  expect(view().filter).toBe("newer");
  waiting[0]?.(paged(ROWS)({}));
  await pass(50);
  expect(view().filter).toBe("newer");
});

test("Tab takes the first completion, and a second Tab leaves the box", async () => {
  const { view } = show(<Filter />, answers());
  type("par");
  await pass(70);
  expect(box().getAttribute("aria-expanded")).toBe("true");
  expect(screen.getAllByRole("option")).toHaveLength(3);
  expect(press("Tab")).toBe(false);
  await pass(70);
  expect(box().value).toBe("params.depth ");
  expect(press("Tab")).toBe(true); // not prevented: the browser moves on
  expect(view().filter).toBe("");
});

test("Tab never takes a completion of what stood there a moment ago", async () => {
  show(<Filter />, answers());
  type("par");
  await pass(70);
  type("params.l");
  await pass(5); // no answer to this yet
  press("Tab");
  await pass();
  expect(box().value).toBe("params.lr ");
});

test("The arrow keys choose a completion that Enter takes, Escape closes the list", async () => {
  show(<Filter />, answers());
  type("par");
  await pass(70);
  press("ArrowDown");
  press("ArrowDown");
  await pass();
  const active = screen.getAllByRole("option")[1];
  expect(active?.getAttribute("aria-selected")).toBe("true");
  expect(box().getAttribute("aria-activedescendant")).toBe(active?.id);
  press("ArrowUp");
  press("ArrowUp");
  await pass();
  expect(screen.getAllByRole("option")[2]?.getAttribute("aria-selected")).toBe("true");
  press("Enter");
  await pass();
  expect(box().value).toBe("params.<script>alert(1)</script> ");
  expect(document.querySelector("script")).toBeNull();
  type("par");
  await pass(70);
  press("Escape");
  await pass();
  expect(screen.queryAllByRole("option")).toHaveLength(0);
  expect(box().value).toBe("par");
});

test("A click takes a completion", async () => {
  show(<Filter />, answers());
  type("par");
  await pass(70);
  fireEvent.click(screen.getAllByRole("option")[1] as Element);
  await pass();
  expect(box().value).toBe("params.lr ");
});

test("Escape clears the filter, then goes back to the runs", async () => {
  const { view } = show(
    <>
      <Filter />
      {/* biome-ignore lint/a11y/useSemanticElements: the table of runs is a grid of divs */}
      <div role="grid" tabIndex={0} aria-label="Runs" />
    </>,
    answers(),
    { filter: "forest" },
  );
  box().focus();
  press("Escape");
  await pass();
  expect(view().filter).toBe("");
  expect(box().value).toBe("");
  press("Escape");
  await pass();
  expect(document.activeElement).toBe(screen.getByRole("grid"));
});

test("The button clears the filter and keeps the keyboard in the box", async () => {
  const { view } = show(<Filter />, answers(), { filter: "forest" });
  fireEvent.click(screen.getByRole("button", { name: "Clear the filter" }));
  await pass();
  expect(view().filter).toBe("");
  expect(document.activeElement).toBe(box());
});

test("It takes the keyboard when the panel calls for it", async () => {
  show(<Filter />, answers());
  await pass();
  document.querySelector(".nbt-panel")?.dispatchEvent(new CustomEvent("nbt-focus-filter"));
  expect(document.activeElement).toBe(box());
});

test("A filter that is set elsewhere stands in the box", async () => {
  const { set } = show(<Filter />, answers(), { filter: "one" });
  await pass();
  set({ filter: "two" });
  await pass();
  expect(box().value).toBe("two");
});

test("A remembered filter that no longer holds says why", async () => {
  show(<Filter />, answers(), { filter: "bad <" });
  await pass(10);
  expect(screen.getByRole("alert").textContent).toContain("Expected a value");
});

test("Each further condition is a chip that can be taken off", async () => {
  const also = [
    { id: "a", label: "lr 0.1 – 0.3", where: "params.lr between 0.1 and 0.3" },
    { id: "b", label: "<b>stage</b>", where: "tags.stage = 'x'" },
  ];
  const { view } = show(<Chips />, answers(), { also });
  expect(screen.getByText("<b>stage</b>")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Remove lr 0.1 – 0.3" }));
  await pass();
  expect(view().also.map((one) => one.id)).toEqual(["b"]);
});
