import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AskError } from "../../api/transport";
import { box, grid, NOW, names, Project, pass, press, rowOf, said, show } from "./fixture";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000 });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const chosen = () =>
  screen
    .getAllByRole("row")
    .filter((row) => row.getAttribute("aria-selected") === "true")
    .map((row) => row.querySelector(".nbt-side-name")?.textContent);

test("The keyboard moves, opens, selects and goes to the filter", async () => {
  const { ran } = await show(new Project(6));
  grid().focus();
  press("ArrowDown");
  press("ArrowDown");
  await pass();
  expect(grid().getAttribute("aria-activedescendant")).toBe(rowOf("run 1").id);
  press("Enter");
  press(" ");
  await pass();
  expect(ran).toEqual([{ command: "openRun", given: { project: "churn", run: "r1", name: "run 1" } }]);
  expect(chosen()).toEqual(["run 1"]);
  press("End");
  await pass();
  expect(grid().getAttribute("aria-activedescendant")).toBe(rowOf("run 5").id);
  press("Home");
  press("ArrowDown", { shiftKey: true });
  await pass();
  expect(chosen()).toEqual(["run 0", "run 1"]);
  press("Escape");
  await pass();
  expect(chosen()).toEqual([]);
  press("/");
  expect(document.activeElement).toBe(box());
});

test("Ctrl and Shift choose several runs, which are compared, starred or moved to the trash together", async () => {
  const { ran, project } = await show(new Project(6));
  fireEvent.click(rowOf("run 1"));
  fireEvent.click(rowOf("run 3"), { ctrlKey: true });
  await pass();
  expect(chosen()).toEqual(["run 1", "run 3"]);
  const bar = within(screen.getByRole("toolbar", { name: "Selected runs" }));
  fireEvent.click(bar.getByRole("button", { name: "Compare" }));
  expect(ran).toEqual([{ command: "compare", given: { project: "churn", runs: ["r1", "r3"] } }]);
  fireEvent.click(rowOf("run 1"));
  fireEvent.click(rowOf("run 4"), { shiftKey: true });
  await pass();
  expect(chosen()).toEqual(["run 1", "run 2", "run 3", "run 4"]);
  fireEvent.click(screen.getByRole("button", { name: "Move to trash" }));
  await pass(300);
  expect(project.transport.of("runs.trash")).toEqual([{ runs: ["r1", "r2", "r3", "r4"] }]);
  expect(names()).toEqual(["run 0", "run 5"]);
  expect(screen.queryByRole("toolbar")).toBeNull();
});

test("A double click opens a run and selects no word of its row", async () => {
  const { ran } = await show(new Project(3));
  const row = rowOf("run 1");
  expect(fireEvent.mouseDown(row, { detail: 1 })).toBe(true); // the keyboard goes to the rows
  expect(fireEvent.mouseDown(row, { detail: 2 })).toBe(false);
  fireEvent.dblClick(row);
  await pass();
  expect(ran).toEqual([{ command: "openRun", given: { project: "churn", run: "r1", name: "run 1" } }]);
});

test("What was moved to the trash comes back by Undo", async () => {
  const { project } = await show(new Project(3));
  fireEvent.click(rowOf("run 1"));
  grid().focus();
  press("Delete");
  await pass(300);
  expect(names()).toEqual(["run 0", "run 2"]);
  expect(said()).toEqual(["Moved 1 runs to the trash."]);
  fireEvent.click(screen.getByRole("button", { name: "Undo" }));
  await pass(300);
  expect(project.transport.of("runs.restore")).toEqual([{ runs: ["r1"] }]);
  expect(names()).toContain("run 1");
});

test("A star is there at once, and goes again when it could not be kept", async () => {
  let held: () => void = () => {};
  const project: Project = new Project(2, {
    "runs.edit": () =>
      new Promise((_, fail) => {
        held = () => fail(new AskError({ code: "read_only", message: "The project cannot be written." }));
      }),
  });
  await show(project);
  const star = () => within(rowOf("run 1")).getByRole("button", { name: "Star" });
  fireEvent.click(star());
  await pass();
  expect(star().getAttribute("aria-pressed")).toBe("true");
  held();
  await pass(300);
  expect(star().getAttribute("aria-pressed")).toBe("false");
  expect(said()).toEqual(["The project cannot be written."]);
});

test("A run is renamed where it stands", async () => {
  const { project } = await show(new Project(2));
  fireEvent.click(rowOf("run 1"));
  press("F2");
  await pass();
  const field = screen.getByRole("textbox", { name: "Name of run 1" }) as HTMLInputElement;
  expect(document.activeElement).toBe(field);
  field.value = "better";
  fireEvent.keyDown(field, { key: "Enter" });
  expect(document.activeElement).toBe(grid());
  await pass(300);
  expect(project.transport.of("runs.edit")).toEqual([{ runs: ["r1"], name: "better" }]);
  expect(names()).toEqual(["run 0", "better"]);
});

test("The menu of a run offers only what the page can do", async () => {
  const { ran } = await show(new Project(2), { cannot: ["insertCode", "runWithParams", "collapse"] });
  fireEvent.contextMenu(rowOf("run 1"));
  await pass();
  const items = screen.getAllByRole("menuitem").map((one) => one.textContent);
  expect(items).toContain("Restore its code");
  expect(items).not.toContain("Insert its code below");
  expect(screen.queryByRole("button", { name: "Hide the sidebar" })).toBeNull();
  fireEvent.click(screen.getByRole("menuitem", { name: "Restore its code" }));
  await pass();
  expect(ran).toEqual([{ command: "restoreCode", given: { project: "churn", run: "r1" } }]);
  expect(screen.queryByRole("menu")).toBeNull();
});

test("A menu or a form that is left gives the keyboard back to the rows", async () => {
  const { project } = await show(new Project(3));
  fireEvent.click(rowOf("run 1"));
  for (const key of ["ContextMenu", "t", "n"]) {
    press(key);
    await pass();
    expect(document.activeElement).not.toBe(grid());
    fireEvent.keyDown(document.activeElement as Element, { key: "Escape" });
    expect(document.activeElement).toBe(grid()); // at once: the next key is theirs
    await pass();
    expect(document.activeElement).toBe(grid());
  }
  press("Delete");
  await pass(300);
  expect(project.transport.of("runs.trash")).toEqual([{ runs: ["r1"] }]);
});

test("A tag is set on all runs that are chosen, a note on one", async () => {
  const { project } = await show(new Project(3));
  fireEvent.click(rowOf("run 0"));
  fireEvent.click(rowOf("run 2"), { ctrlKey: true });
  press("t");
  await pass();
  const tag = screen.getByRole("combobox", { name: "Tag" }) as HTMLInputElement;
  tag.value = "best";
  fireEvent.input(tag);
  await pass();
  fireEvent.submit(tag.closest("form") as HTMLFormElement);
  await pass(300);
  expect(project.transport.of("runs.edit")).toEqual([{ runs: ["r0", "r2"], tags: { best: "true" } }]);
  press("n");
  await pass();
  const note = screen.getByRole("textbox", { name: "Note" }) as HTMLTextAreaElement;
  note.value = "look again";
  fireEvent.input(note);
  await pass();
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  await pass(300);
  expect(project.transport.of("runs.edit").at(-1)).toEqual({ runs: ["r2"], note: "look again" });
});

test("A run is compared with another that is chosen for it", async () => {
  const { ran } = await show(new Project(3));
  fireEvent.contextMenu(rowOf("run 0"));
  await pass();
  fireEvent.click(screen.getByRole("menuitem", { name: "Compare with…" }));
  await pass();
  expect(screen.getByText(/Choose a run to compare with/)).toBeTruthy();
  fireEvent.click(rowOf("run 2"));
  await pass();
  expect(ran).toEqual([{ command: "compare", given: { project: "churn", runs: ["r0", "r2"] } }]);
  expect(screen.queryByText(/Choose a run to compare with/)).toBeNull();
});
