import { fireEvent, screen, within } from "@testing-library/preact";
import { describe, expect, it, vi } from "vitest";
import { AskError } from "../../../api/transport";
import { pass } from "../toolbar/fixture";
import { answers, cell, grid, line, run } from "./fixture";
import { button, click, prepare, press, table } from "./standing";

const DONE = { text: "Done.", count: 1, revision: 2, undo: true };

prepare();

describe("clicks", () => {
  it("open a run, hide it, show it alone, star it", async () => {
    const { view, transport } = await table(answers(undefined, { "runs.edit": () => DONE }));
    fireEvent.click(button("run 1", "eye"));
    expect(view().hidden).toEqual(["r1"]);
    fireEvent.click(button("run 2", "eye"), { altKey: true });
    expect(view().solo).toBe("r2");
    fireEvent.click(button("run 3", "star"));
    expect(transport.of("runs.edit")).toEqual([{ runs: ["r3"], starred: true }]);
    fireEvent.click(screen.getByRole("button", { name: "run 4" }));
    expect(view().open).toEqual({ kind: "run", id: "r4" });
  });

  it("select one, a stretch and all", async () => {
    const { view, transport } = await table();
    fireEvent.click(button("run 2", "select"));
    expect([...view().selected]).toEqual(["r2"]);
    click("run 5", { shiftKey: true });
    await pass();
    expect([...view().selected]).toEqual(["r2", "r3", "r4", "r5"]);
    click("run 3", { ctrlKey: true });
    expect(view().selected.has("r3")).toBe(false);
    transport.asked.length = 0;
    fireEvent.click(screen.getByRole("checkbox", { name: "Select all runs" }));
    await pass();
    expect(view().selected.size).toBe(400);
    // Not all rows are in memory: their ids are asked for, without any values.
    expect(transport.of("runs.page").at(-1)).toMatchObject({ columns: [], offset: 0, limit: 400 });
  });

  it("tell the charts which run the pointer is on", async () => {
    const { view, set } = await table();
    fireEvent.pointerOver(cell("run 2", "status"));
    expect(view().hover).toBe("r2");
    set({ hover: "r3" });
    await pass();
    expect(line("run 3").className).toContain("nbt-is-hovered");
    fireEvent.pointerLeave(grid());
    expect(view().hover).toBeNull();
  });
});

describe("keys", () => {
  it("move, select, hide, star, pin, set a baseline and open", async () => {
    const { view, transport } = await table(answers(undefined, { "runs.edit": () => DONE }));
    click("run 0");
    press("ArrowDown");
    press("ArrowDown");
    expect(view().active).toBe("r2");
    expect(line("run 2").className).toContain("nbt-is-active");
    const named = grid().getAttribute("aria-activedescendant") ?? "";
    await pass();
    expect(document.getElementById(grid().getAttribute("aria-activedescendant") ?? "")).toBeTruthy();
    expect(named).not.toBe("");
    press(" ");
    expect([...view().selected]).toEqual(["r2"]);
    press("x");
    expect(view().hidden).toEqual(["r2"]);
    press("s");
    expect(transport.of("runs.edit")).toEqual([{ runs: ["r2"], starred: true }]);
    press("p");
    expect(view().pinnedRuns).toEqual(["r2"]);
    press("b");
    expect(view().baseline).toBe("r2");
    press("Escape");
    expect(view().selected.size).toBe(0);
    press("End");
    fireEvent.scroll(grid());
    await pass(50);
    expect(view().active).toBe("r399");
    press("Home");
    press("Enter");
    expect(view().open).toEqual({ kind: "run", id: "r0" });
  });

  it("compare what is selected, or the run against the baseline", async () => {
    const { view, said } = await table();
    click("run 1");
    press("c");
    expect(said()[0]).toContain("Select two runs");
    press(" ");
    press("ArrowDown", { shiftKey: true });
    await pass();
    press("c");
    expect(view().open).toEqual({ kind: "compare", ids: ["r1", "r2"] });
  });

  it("move to the trash, and take that back from the message", async () => {
    const trash = { "runs.trash": () => DONE, "runs.undo": () => ({ ...DONE, text: "Back again.", undo: false }) };
    const { view, transport, toasts, said } = await table(answers(undefined, trash));
    click("run 1", { ctrlKey: true });
    click("run 2", { ctrlKey: true });
    press("Delete");
    await pass();
    expect(transport.of("runs.trash")).toEqual([{ runs: ["r1", "r2"] }]);
    expect(view().selected.size).toBe(0);
    toasts.getState().toasts[0]?.action?.run();
    await pass();
    expect(transport.of("runs.undo")).toHaveLength(1);
    expect(said()).toContain("Back again.");
  });

  it("go to the filter, and to the headings, where they sort", async () => {
    const { view } = await table();
    const heard = vi.fn();
    document.addEventListener("nbt-focus-filter", heard);
    press("/");
    expect(heard).toHaveBeenCalledTimes(1);
    document.removeEventListener("nbt-focus-filter", heard);
    click("run 0");
    press("ArrowUp");
    await pass();
    press("Enter");
    expect(view().sort).toEqual([{ id: "status", desc: false }]);
    press("?", { shiftKey: true });
    await pass();
    expect(screen.getByRole("dialog", { name: "Keys of the table" })).toBeTruthy();
  });
});

describe("what is edited in place", () => {
  it("is a name, by F2, and Escape leaves it as it was", async () => {
    const { transport } = await table(answers(undefined, { "runs.edit": () => DONE }));
    click("run 1");
    press("F2");
    await pass();
    let field = screen.getByRole("textbox", { name: "Name of run 1" }) as HTMLInputElement;
    field.value = "never mind";
    fireEvent.keyDown(field, { key: "Escape" });
    await pass();
    expect(transport.of("runs.edit")).toEqual([]);
    press("F2");
    await pass();
    field = screen.getByRole("textbox", { name: "Name of run 1" }) as HTMLInputElement;
    field.value = "a better name";
    fireEvent.keyDown(field, { key: "Enter" });
    await pass();
    expect(transport.of("runs.edit")).toEqual([{ runs: ["r1"], name: "a better name" }]);
    expect(document.activeElement).toBe(grid());
  });

  it("is a note, by a double click, and a tag", async () => {
    const runs = [run(0, { tags: { stage: "draft" } })];
    const { transport } = await table(
      answers(() => runs, { "runs.edit": () => DONE }),
      { visible: { note: true, tags: true } },
    );
    fireEvent.dblClick(cell("run 0", "note"));
    await pass();
    const note = screen.getByRole("textbox", { name: "Note of run 0" }) as HTMLInputElement;
    note.value = "good";
    fireEvent.focusOut(note);
    await pass();
    fireEvent.pointerOver(cell("run 0", "status"));
    await pass();
    fireEvent.click(button("run 0", "tag"));
    await pass();
    const field = screen.getByRole("combobox", { name: "Add a tag" }) as HTMLInputElement;
    fireEvent.input(field, { target: { value: "best=yes" } });
    await pass();
    fireEvent.keyDown(field, { key: "Enter" });
    await pass();
    expect(transport.of("runs.edit")).toEqual([
      { runs: ["r0"], note: "good" },
      { runs: ["r0"], tags: { best: "yes" } },
    ]);
  });

  it("says why an edit failed", async () => {
    const refuse = () => {
      throw new AskError({ code: "read_only", message: "The project cannot be written.", hint: "Look at its rights." });
    };
    const { said } = await table(answers(undefined, { "runs.edit": refuse }));
    fireEvent.click(button("run 0", "star"));
    await pass();
    expect(said()).toEqual(["The project cannot be written. Look at its rights."]);
  });
});

describe("a baseline and pinned runs", () => {
  it("stand at the top, and every other run says how far it is from the baseline", async () => {
    await table(answers(), { baseline: "r10", pinnedRuns: ["r20", "gone"] });
    const top = screen.getByRole("rowgroup", { name: "Runs kept at the top" });
    expect(
      within(top)
        .getAllByRole("row")
        .map((one) => one.dataset.run),
    ).toEqual(["r10", "r20"]);
    expect(within(top).getByText("baseline")).toBeTruthy();
    const acc = cell("run 0", "metrics.acc");
    expect(acc.textContent).toContain("−0.01 −2.0%");
    expect(acc.querySelector(".nbt-cell-worse")).toBeTruthy();
    // Less is better of a loss.
    expect(cell("run 0", "metrics.loss").querySelector(".nbt-cell-worse")).toBeTruthy();
    expect(cell("run 15", "metrics.loss").querySelector(".nbt-cell-good")).toBeTruthy();
  });
});
