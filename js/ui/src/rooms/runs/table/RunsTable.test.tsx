import { fireEvent, screen, within } from "@testing-library/preact";
import { describe, expect, it } from "vitest";
import { AskError } from "../../../api/transport";
import type { RunRow } from "../../../contract";
import { pass, type Shown } from "../toolbar/fixture";
import { answers, cell, grid, heading, line, names, RUNS, run, summary } from "./fixture";
import { click, prepare, press, table } from "./standing";

prepare();

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
