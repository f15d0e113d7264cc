import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answers } from "../../../api/fake";
import { AskError } from "../../../api/transport";
import type { RunRow } from "../../../contract";
import type { View } from "../../../state/view";
import { pass, type Shown, show } from "../toolbar/fixture";
import { answers, cell, grid, heading, line, names, RUNS, run, summary } from "./fixture";
import { RunsTable } from "./RunsTable";

const DONE = { text: "Done.", count: 1, revision: 2, undo: true };

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: false });
  // happy-dom lays nothing out: a table of 1,200 × 450 pixels.
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(1200);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(450);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function table(given: Answers = answers(), first: Partial<View> = {}): Promise<Shown> {
  const shown = show(<RunsTable />, given, first);
  await pass(50);
  await pass(400);
  return shown;
}

const press = (key: string, held: KeyboardEventInit = {}) => fireEvent.keyDown(grid(), { key, ...held });
const button = (name: string, act: string) => line(name).querySelector(`[data-act=${act}]`) as HTMLElement;
const click = (name: string, held: MouseEventInit = {}) => fireEvent.click(cell(name, "status"), held);
const lastSort = (shown: Shown) => shown.transport.of("runs.page").at(-1)?.sort;

describe("the rows", () => {
  it("are a window of the runs, with what is seen and nothing else", async () => {
    const { transport } = await table();
    expect(grid().getAttribute("aria-rowcount")).toBe("401");
    expect(names()[0]).toBe("run 0");
    expect(names().length).toBeLessThan(60);
    const block = transport.of("runs.page").find((request) => request.limit === 50);
    expect(block?.columns).toEqual(["metrics.acc", "metrics.loss", "params.lr", "params.optimizer"]);
    expect(cell("run 1", "params.optimizer").textContent).toBe("adam");
    expect(cell("run 0", "metrics.acc").textContent).toContain("0.5000");
  });

  it("come as they are scrolled to", async () => {
    await table();
    grid().scrollTop = 100 * 30;
    fireEvent.scroll(grid());
    await pass(50);
    expect(names()).toContain("run 105");
    expect(names()).not.toContain("run 5");
    expect(line("run 105").getAttribute("aria-rowindex")).toBe("107");
  });

  it("say what is no number in words, and mark the best of all that match by more than colour", async () => {
    const odd = [0, 1, 2].map((at) => run(at));
    if (odd[0]) odd[0].metrics.acc = { ...summary(1), last: "NaN" };
    if (odd[1]) odd[1].metrics.acc = { ...summary(1), last: "-Infinity" };
    const facts = { column: "metrics.acc", runs: 3, differs: true, low: 0.1, high: 0.502 };
    const found = { columns: [facts], looked_at: 3, matched: 3, revision: 1 };
    await table(answers(() => odd, { "tables.facts": () => found }));
    expect(cell("run 0", "metrics.acc").textContent).toBe("nan");
    expect(cell("run 1", "metrics.acc").textContent).toBe("-inf");
    expect(cell("run 2", "metrics.acc").textContent).toContain("★");
    expect(cell("run 2", "metrics.loss").textContent).not.toContain("★");
  });

  it("show text as text", async () => {
    const evil = '<img src=x onerror="alert(1)">';
    const runs = [run(0, { name: evil, note: evil, params: { optimizer: evil, lr: 1 }, tags: { [evil]: evil } })];
    await table(
      answers(() => runs),
      { visible: { note: true, tags: true } },
    );
    expect(grid().querySelector("img")).toBeNull();
    expect(screen.getAllByText(evil).length).toBeGreaterThanOrEqual(3);
  });

  it("stay where they are when new runs come above them", async () => {
    let runs: readonly RunRow[] = RUNS;
    const { transport, view } = await table(answers(() => runs));
    grid().scrollTop = 40 * 30;
    fireEvent.scroll(grid());
    await pass(50);
    click("run 42");
    runs = [...[900, 901, 902].map((at) => run(at, { revision: 5 })), ...RUNS];
    transport.announce(5);
    await pass(600);
    expect(grid().getAttribute("aria-rowcount")).toBe("404");
    expect(grid().scrollTop).toBe(43 * 30);
    expect(view().active).toBe("r42");
    expect(line("run 42").className).toContain("nbt-is-active");
    press("ArrowDown");
    expect(view().active).toBe("r43");
  });

  it("show a running run's values as they change, and count its time on", async () => {
    let at = 0;
    const live = () => [
      run(0, {
        status: "running",
        ended: null,
        duration: 5 + at,
        revision: 1 + at,
        metrics: { acc: summary(0.5 + at) },
      }),
    ];
    const { transport } = await table(answers(live));
    expect(cell("run 0", "metrics.acc").textContent).toBe("0.5000");
    const before = cell("run 0", "duration").textContent;
    await pass(3000);
    expect(cell("run 0", "duration").textContent).not.toBe(before);
    at = 1;
    transport.announce(2);
    await pass(600);
    expect(cell("run 0", "metrics.acc").textContent).toBe("1.500");
  });
});

describe("the headings", () => {
  it("sort best first, then the other way, then not", async () => {
    const shown = await table();
    fireEvent.click(heading("acc"));
    await pass(50);
    expect(lastSort(shown)).toEqual(["-metrics.acc"]);
    expect(heading("acc").getAttribute("aria-sort")).toBe("descending");
    expect(names()[0]).toBe("run 399");
    fireEvent.click(heading("acc"));
    await pass(50);
    expect(heading("acc").getAttribute("aria-sort")).toBe("ascending");
    fireEvent.click(heading("acc"));
    await pass(50);
    expect(heading("acc").getAttribute("aria-sort")).toBe("none");
  });

  it("add a second key with Shift, and number the keys", async () => {
    const shown = await table();
    fireEvent.click(heading("loss"));
    fireEvent.click(heading("lr"), { shiftKey: true });
    await pass(50);
    expect(lastSort(shown)).toEqual(["metrics.loss", "params.lr"]);
    expect(heading("lr").textContent).toContain("2");
  });

  it("show another summary of a metric and sort by it", async () => {
    const shown = await table(answers(), { sort: [{ id: "metrics.acc", desc: true }] });
    fireEvent.click(within(heading("acc")).getByRole("button", { name: "Menu of acc" }));
    fireEvent.click(screen.getByRole("menuitemradio", { name: "Highest value" }));
    await pass(50);
    expect(shown.view().stats).toEqual({ acc: "max" });
    expect(lastSort(shown)).toEqual(["-metrics.acc.max"]);
    expect(heading("acc").textContent).toContain("max");
  });

  it("hide, hold and group by their column, and filter by its value", async () => {
    const shown = await table();
    const choose = (column: string, item: string) => {
      fireEvent.click(within(heading(column)).getByRole("button", { name: `Menu of ${column}` }));
      fireEvent.click(screen.getByRole("menuitem", { name: item }));
    };
    choose("loss", "Hide the column");
    expect(shown.view().visible).toEqual({ "metrics.loss": false });
    choose("lr", "Keep at the left");
    expect(shown.view().pinnedColumns).toEqual(["name", "params.lr"]);
    choose("lr", "Filter by value…");
    fireEvent.input(screen.getByRole("textbox", { name: "Value" }), { target: { value: "0.05" } });
    await pass();
    fireEvent.click(screen.getByRole("button", { name: "Filter" }));
    expect(shown.view().also.map((one) => one.where)).toEqual(["params.lr < 0.05"]);
    choose("optimizer", "Group by optimizer");
    expect(shown.view().groupBy).toBe("params.optimizer");
  });

  it("leave a sort key out whose column is gone", async () => {
    const shown = await table(answers(), { sort: [{ id: "params.gone", desc: false }] });
    expect(lastSort(shown)).toEqual([]);
    expect(names()[0]).toBe("run 0");
  });
});

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

describe("groups", () => {
  const spread = (mean: number) => ({ mean, sd: 0.01, low: 0, high: 1, count: 60 });
  const group = (value: string, mean: number) => ({
    value,
    where: `params.optimizer = '${value}'`,
    runs: 200,
    metrics: { acc: spread(mean), loss: spread(mean) },
  });
  const grouped = answers(undefined, {
    "tables.groups": () => ({ groups: [group("adam", 0.9), group("sgd", 0.8)], total: 2, revision: 1 }),
  });

  it("show mean and spread, unfold to their runs and select them all", async () => {
    const { view, transport } = await table(grouped, { groupBy: "params.optimizer" });
    expect(transport.of("tables.groups")[0]).toMatchObject({
      by: "params.optimizer",
      metrics: ["acc", "loss"],
      sort: "value",
    });
    expect(names()).toEqual([]);
    const adam = line("adam");
    expect(adam.textContent).toContain("200 runs");
    expect(adam.textContent).toContain("0.9000±0.01");
    expect(adam.getAttribute("aria-expanded")).toBe("false");
    fireEvent.click(adam);
    await pass(100);
    expect(names().slice(0, 2)).toEqual(["run 1", "run 3"]);
    expect(grid().getAttribute("aria-rowcount")).toBe("203");
    press("ArrowLeft");
    await pass(50);
    expect(names()).toEqual([]);
    press("ArrowRight");
    await pass(50);
    press(" ");
    await pass(50);
    expect(view().selected.size).toBe(200);
  });
});

describe("what was remembered and is gone", () => {
  it("is passed over: a param to group by, a run at the top", async () => {
    await table(answers(), { groupBy: "params.gone", pinnedRuns: ["gone"], baseline: "gone too" });
    expect(names()[0]).toBe("run 0");
    expect(screen.queryByRole("rowgroup", { name: "Runs kept at the top" })).toBeNull();
  });
});

describe("where there are no rows", () => {
  it("an empty project says what to type", async () => {
    await table(answers(() => []));
    expect(screen.getByRole("heading", { name: "No runs yet" })).toBeTruthy();
    expect(screen.getByText(/%%track\s+lr/)).toBeTruthy();
  });

  it("a filter that finds nothing can be cleared", async () => {
    const { view } = await table(answers(), { filter: "none" });
    expect(screen.getByText(/None of 400 runs/)).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Clear filter" }));
    await pass(50);
    expect(view().filter).toBe("");
    expect(names()[0]).toBe("run 0");
  });

  it("an error is said with its hint, and asked again", async () => {
    let broken = true;
    const page = answers()["runs.page"];
    const given = answers(undefined, {
      "runs.page": (request) => {
        if (broken)
          throw new AskError({ code: "damaged", message: "The file is damaged.", hint: "Run nbtrack doctor." });
        return page?.(request) as never;
      },
    });
    await table(given);
    expect(screen.getByRole("alert").textContent).toContain("Run nbtrack doctor.");
    broken = false;
    fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
    await pass(50);
    expect(names()[0]).toBe("run 0");
  });

  it("rows stay when asking again fails, and the error is said above them", async () => {
    let broken = false;
    const page = answers()["runs.page"];
    const given = answers(undefined, {
      "runs.page": (request) => {
        if (broken)
          throw new AskError({ code: "damaged", message: "The file is damaged.", hint: "Run nbtrack doctor." });
        return page?.(request) as never;
      },
    });
    const { transport } = await table(given);
    broken = true;
    transport.announce(7);
    await pass(600);
    expect(screen.getByRole("alert").textContent).toContain("Run nbtrack doctor.");
    expect(names()[0]).toBe("run 0");
    broken = false;
    fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
    await pass(50);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("rows stay while a filter is wrong", async () => {
    const page = answers()["runs.page"];
    const given = answers(undefined, {
      "runs.page": (request) => {
        if (request.filter) throw new AskError({ code: "filter", message: "Not understood.", hint: "", column: 3 });
        return page?.(request) as never;
      },
    });
    const { set } = await table(given);
    set({ filter: "x <" });
    await pass(50);
    expect(names()[0]).toBe("run 0");
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
