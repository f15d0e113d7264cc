import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../../api/fake";
import { AskError } from "../../../api/transport";
import type { Done } from "../../../contract";
import type { View } from "../../../state/view";
import { key, paged, pass, row, show } from "./fixture";
import { SelectionBar } from "./SelectionBar";

const ROWS = [
  row("a1", { tags: { stage: "draft" } }),
  row("b2", { starred: true, tags: { stage: "final" } }),
  row("c3"),
];
const done = (text: string, undo = true): Done => ({ text, count: 1, revision: 2, undo });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function select(ids: string[], answers: Answers = {}, first: Partial<View> = {}) {
  const all: Answers = {
    "runs.page": paged(ROWS),
    "runs.keys": () => ({ keys: [key("tag", "stage"), key("param", "lr")] }),
    "runs.trash": () => done("Put into the trash: run a1"),
    "runs.restore": () => done("Restored run a1"),
    "runs.edit": () => done("Starred run a1"),
    "runs.undo": () => done("Undone: Starred run a1", false),
    "experiments.list": () => ({ experiments: [{ name: "digits", note: "", created: 1, runs: 3, latest: 2 }] }),
    ...answers,
  };
  const shown = show(<SelectionBar />, all, { selected: new Set(ids), ...first });
  await pass(10);
  return shown;
}

const click = async (name: string | RegExp) => {
  fireEvent.click(screen.getByRole("button", { name }));
  await pass(10);
};
const undo = (shown: Awaited<ReturnType<typeof select>>) => shown.toasts.getState().toasts.at(-1)?.action?.run();

test("It is not there while nothing is selected", async () => {
  const { set } = await select([]);
  expect(screen.queryByRole("region")).toBeNull();
  set({ selected: new Set(["a1"]) });
  await pass();
  expect(screen.getByRole("region", { name: "Selected runs" }).textContent).toContain("1 selected");
});

test("Runs go to the trash, are no longer selected, and come back by name", async () => {
  const shown = await select(["a1", "b2"]);
  await click("Delete");
  expect(shown.transport.of("runs.trash")).toEqual([{ runs: ["a1", "b2"] }]);
  expect(shown.view().selected.size).toBe(0);
  expect(shown.said()).toEqual(["Put into the trash: run a1"]);
  undo(shown);
  await pass();
  expect(shown.transport.of("runs.restore")).toEqual([{ runs: ["a1", "b2"] }]);
  expect(shown.said().at(-1)).toBe("Restored run a1");
});

test("In the trash runs are restored, and nothing else is offered that would be lost there", async () => {
  const shown = await select(["a1"], {}, { trashed: true });
  expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Tag" })).toBeNull();
  await click("Restore");
  expect(shown.transport.of("runs.restore")).toEqual([{ runs: ["a1"] }]);
  undo(shown);
  await pass();
  expect(shown.transport.of("runs.trash")).toEqual([{ runs: ["a1"] }]);
});

test("A star is given unless all have one, and taken back", async () => {
  const shown = await select(["a1", "b2"]);
  await click("Star");
  expect(shown.transport.of("runs.edit")).toEqual([{ runs: ["a1", "b2"], starred: true }]);
  undo(shown);
  await pass();
  expect(shown.transport.of("runs.undo")).toEqual([{}]);
  shown.set({ selected: new Set(["b2"]) });
  await pass(10);
  await click("Unstar");
  expect(shown.transport.of("runs.edit").at(-1)).toEqual({ runs: ["b2"], starred: false });
});

test("More runs than one edit takes are refused in words, and nothing is asked", async () => {
  const many = Array.from({ length: 10_001 }, (_, at) => `r${at}`);
  const shown = await select(many);
  await click("Delete");
  expect(shown.transport.of("runs.trash")).toEqual([]);
  expect(shown.said()[0]).toContain("10,001 runs are selected; at most 10,000 can be changed at once.");
  expect(shown.view().selected.size).toBe(10_001);
});

test("Of runs that were deleted elsewhere the others stay selected, to do it again", async () => {
  const lost = () => {
    throw new AskError({ code: "not_found", message: "No run 'zz'.", hint: "" });
  };
  const shown = await select(["a1", "zz", "c3"], { "runs.trash": lost });
  await click("Delete");
  expect([...shown.view().selected]).toEqual(["a1", "c3"]);
  expect(shown.said()).toEqual(["1 selected run is gone; nothing was changed. Do it again for the others."]);
});

test("A tag is set on all, by hand or by what is known, and taken off", async () => {
  const shown = await select(["a1", "b2"]);
  await click("Tag");
  const dialog = within(screen.getByRole("dialog", { name: "Tag" }));
  expect(dialog.getByText("stage").textContent).toContain("all");
  const names = [...document.querySelectorAll("datalist option")].map((one) => one.getAttribute("value"));
  expect(names).toContain("stage");
  expect(names).not.toContain("lr");
  fireEvent.click(dialog.getByRole("button", { name: "Take the tag stage off" }));
  await pass();
  expect(shown.transport.of("runs.edit").at(-1)).toEqual({ runs: ["a1", "b2"], tags: { stage: null } });
  fireEvent.input(dialog.getByLabelText("Tag"), { target: { value: " best " } });
  await pass();
  fireEvent.click(dialog.getByRole("button", { name: "Set" }));
  await pass(10);
  expect(shown.transport.of("runs.edit").at(-1)).toEqual({ runs: ["a1", "b2"], tags: { best: "true" } });
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("Runs are moved to an experiment that there is, or to a new one", async () => {
  const shown = await select(["a1"]);
  await click("Move");
  fireEvent.click(screen.getByRole("button", { name: "digits 3" }));
  await pass(10);
  expect(shown.transport.of("runs.edit").at(-1)).toEqual({ runs: ["a1"], experiment: "digits" });
  await click("Move");
  fireEvent.input(screen.getByLabelText("Move 1 run to"), { target: { value: "new one" } });
  await pass();
  await click("Move to new");
  expect(shown.transport.of("runs.edit").at(-1)).toEqual({ runs: ["a1"], experiment: "new one" });
});

test("Eyes are closed and opened together", async () => {
  const { view } = await select(["a1", "b2"], {}, { hidden: ["b2"], solo: "c3" });
  await click("Hide");
  expect([...view().hidden].sort()).toEqual(["a1", "b2"]);
  expect(view().solo).toBeNull();
  await click("Show");
  expect(view().hidden).toEqual([]);
});

test("Two runs and more are compared, one and too many are not", async () => {
  const { view, set } = await select(["a1"]);
  const compare = () => screen.getByRole("button", { name: "Compare" }) as HTMLButtonElement;
  expect(compare().disabled).toBe(true);
  set({ selected: new Set(Array.from({ length: 25 }, (_, at) => `r${at}`)) });
  await pass(10);
  expect(compare().disabled).toBe(true);
  expect(compare().title).toBe("At most 24 runs");
  set({ selected: new Set(["a1", "c3"]) });
  await pass(10);
  fireEvent.click(compare());
  expect(view().open).toEqual({ kind: "compare", ids: ["a1", "c3"] });
});

test("The selection is given up", async () => {
  const { view } = await select(["a1"]);
  await click("Clear the selection");
  expect(view().selected.size).toBe(0);
});
