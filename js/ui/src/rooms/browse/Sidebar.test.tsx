import { cleanup, fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AskError } from "../../api/transport";
import { box, brief, grid, NOW, names, Project, pass, press, rowOf, said, show } from "./fixture";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1000 });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const type = (text: string) => {
  const input = box();
  input.focus();
  input.value = text;
  fireEvent.input(input);
};

test("A row tells what it is, how it went, when, how long and what it gave", async () => {
  const project = new Project(3);
  project.rows[1] = brief(1, { status: "failed", tags: { stage: "draft", best: "true" }, note: "try again" });
  await show(project);
  const text = rowOf("run 1").textContent;
  for (const part of ["failed", "stage: draft", "best", "3 min ago", "1 min", "acc", "0.501", "↑"])
    expect(text).toContain(part);
  expect(rowOf("run 1").title).toContain("Note: try again");
});

test("Only rows in sight are drawn of many, and all of them can be reached", async () => {
  const project = new Project(10_000);
  await show(project);
  expect(names().length).toBeLessThan(40);
  expect(grid().getAttribute("aria-rowcount")).toBe("10000");
  expect(project.asked[0]).toMatchObject({ offset: 0, limit: 50 });
  press("End");
  await pass(100);
  const scrolled = grid();
  scrolled.scrollTop = 9_980 * 46;
  fireEvent.scroll(scrolled);
  await pass(300);
  expect(names()).toContain("run 9990");
  expect(project.asked.every(({ limit = 0 }) => limit <= 100)).toBe(true);
});

test("The list is of the notebook in front, or of the project, with the number of both", async () => {
  const project = new Project(9);
  await show(project, { notebook: "eval.ipynb" });
  expect(names()).toEqual(["run 0", "run 3", "run 6"]);
  await pass(500);
  expect(screen.getByRole("button", { name: /This notebook/ }).textContent).toBe("This notebook3");
  expect(screen.getByRole("button", { name: /Project/ }).textContent).toBe("Project9");
  fireEvent.click(screen.getByRole("button", { name: /Project/ }));
  await pass();
  expect(names()).toHaveLength(9);
});

test("It follows the notebook, and another project keeps a filter of its own", async () => {
  const [one, other] = [new Project(9), new Project(4)];
  other.rows = other.rows.map((row) => ({ ...row, name: `other ${row.id}` }));
  const { to } = await show(one, { notebook: "eval.ipynb" });
  await to({ notebook: "train.ipynb" });
  expect(names()).toEqual(["run 1", "run 2", "run 4", "run 5", "run 7", "run 8"]);
  type("run 4");
  await pass();
  expect(names()).toEqual(["run 4"]);
  await to({ project: other, notebook: null, name: "elsewhere" });
  expect(screen.getByRole("heading").textContent).toBe("elsewhere");
  expect(names()).toHaveLength(4);
  expect(box().value).toBe("");
  await to({ project: one, notebook: "train.ipynb", name: "churn" });
  expect(box().value).toBe("run 4");
  expect(names()).toEqual(["run 4"]);
});

test("What runs now stands on top with its time, its step and its metric, which go on", async () => {
  const project = new Project(2);
  const live = brief(7, { name: "live", status: "running", ended: null, duration: 5 });
  await show(project);
  expect(screen.queryByRole("region", { name: "Running now" })).toBeNull();
  await project.change(() => {
    project.running = [{ ...live, progress: { step: 12, total: 120 } }];
  });
  const region = () => screen.getByRole("region", { name: "Running now" }).textContent;
  expect(region()).toContain("step 12 of 120");
  expect(region()).toContain("5 s");
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("10");
  const before = project.asked.length;
  await pass(3000);
  expect(region()).toContain("8 s");
  expect(project.asked.length).toBe(before); // the time goes on by itself
  await project.change(() => {
    project.running = [{ ...live, duration: 9, progress: { step: 60, total: 120 } }];
  });
  expect(screen.getByRole("progressbar").getAttribute("aria-valuenow")).toBe("50");
  await project.change(() => {
    project.running = [];
  });
  expect(screen.queryByRole("region", { name: "Running now" })).toBeNull();
});

test("Many changes in a moment are few questions, and the last one is not lost", async () => {
  const project = new Project(2);
  await show(project);
  const before = project.asked.length;
  for (let at = 0; at < 50; at++) {
    project.rows = [brief(100 + at), ...project.rows.slice(-2)];
    project.transport.announce(++project.revision);
    await pass(10);
  }
  await pass(400);
  expect(project.asked.length - before).toBeLessThan(6);
  expect(names()[0]).toBe("run 149");
});

test("Hidden, it asks nothing; shown again, it is up to date", async () => {
  const project = new Project(3);
  const { to } = await show(project);
  await to({ visible: false });
  const before = project.transport.asked.length;
  await project.change(() => {
    project.rows = [brief(50), ...project.rows];
  });
  await pass(60_000);
  expect(project.transport.asked.length).toBe(before);
  await to({ visible: true });
  expect(names()[0]).toBe("run 50");
});

test("It asks nothing before it is seen for the first time", async () => {
  const project = new Project(3);
  const { to } = await show(project, { visible: false, notebook: "train.ipynb" });
  await pass(5000);
  expect(project.transport.asked).toHaveLength(0);
  await to({ visible: true });
  expect(names()).toEqual(["run 1", "run 2"]);
});

test("A filter is asked for with each key, an older question is given up, and the count says how many match", async () => {
  const project = new Project(18);
  await show(project);
  const before = project.asked.length;
  type("run 1");
  await pass();
  expect(project.asked.slice(before).map((one) => one.filter)).toEqual(["run 1"]);
  expect(names()).toHaveLength(9);
  expect(screen.getByText("9 of 18")).toBeTruthy();
});

test("A mistake in the filter is said under the box, and the rows stay and go on", async () => {
  const project = new Project(3);
  await show(project);
  type("bad <");
  await pass(100);
  expect(screen.queryByRole("alert")).toBeNull();
  await pass(600);
  expect(screen.getByRole("alert").textContent).toContain("Expected a value, found the end.");
  expect(screen.getByRole("alert").querySelector("mark")?.textContent).toBe("<");
  expect(names()).toEqual(["run 0", "run 1", "run 2"]);
  await project.change(() => {
    project.rows = [brief(9), ...project.rows];
  });
  expect(names()[0]).toBe("run 9");
  type("run 2");
  await pass();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(names()).toEqual(["run 2"]);
});

test("No row that matches: one click shows all again", async () => {
  await show(new Project(3));
  type("nothing like it");
  await pass();
  fireEvent.click(screen.getByRole("button", { name: "Show all" }));
  await pass();
  expect(names()).toHaveLength(3);
  expect(box().value).toBe("");
});

test("A project without runs says what to do, and does it where it can", async () => {
  const { ran, to } = await show(new Project(0), { notebook: "train.ipynb" });
  expect(screen.getByText(/on the first line of a cell/)).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: "Track the active cell" }));
  await to({ cannot: ["toggleTracked"] });
  expect(ran.map((one) => one.command)).toEqual(["toggleTracked"]);
});

test("No project: it says why, and tries again", async () => {
  const trouble = { message: "The server cannot be reached.", hint: "Is it still running?" };
  const { again } = await show(new Project(0), { trouble });
  expect(screen.getByRole("alert").textContent).toContain("The server cannot be reached.");
  expect(screen.getByRole("alert").textContent).toContain("Is it still running?");
  fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
  expect(again).toHaveBeenCalledOnce();
});

test("A file that cannot be read is said, and asked for again on a click", async () => {
  let broken = true;
  const project: Project = new Project(2, {
    "tables.browse": (request) => {
      if (broken)
        throw new AskError({ code: "newer", message: "This project is of a newer nbtrack.", hint: "Update." });
      return project.browse(request);
    },
  });
  await show(project);
  expect(screen.getByRole("alert").textContent).toContain("newer nbtrack");
  broken = false;
  fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
  await pass();
  expect(names()).toHaveLength(2);
});

test("A server that is away for a while: the rows stay, and it is asked again by itself", async () => {
  let away = false;
  const project: Project = new Project(2, {
    "tables.browse": (request) => {
      if (away) throw new AskError({ code: "unreachable", message: "The server cannot be reached." });
      return project.browse(request);
    },
  });
  await show(project);
  away = true;
  await project.change(() => {});
  expect(screen.getByRole("alert").textContent).toContain("cannot be reached");
  expect(names()).toHaveLength(2);
  away = false;
  await pass(6000);
  expect(screen.queryByRole("alert")).toBeNull();
});

test("The order, what is shown only and the metric are asked for", async () => {
  const { project } = await show(
    new Project(3, {
      "runs.keys": () => ({ keys: [{ kind: "metric", name: "val loss", runs: 3, types: ["float"], better: "min" }] }),
    }),
  );
  fireEvent.click(screen.getByRole("button", { name: "Order and filters" }));
  await pass();
  const item = (name: RegExp) => screen.getByRole("menuitemcheckbox", { name });
  fireEvent.click(item(/Best metric first/));
  await pass();
  expect(project.asked.at(-1)).toMatchObject({ sort: ["-metrics.acc", "-started"], metric: "acc" });
  fireEvent.click(item(/val loss/));
  await pass();
  expect(project.asked.at(-1)).toMatchObject({ sort: ['metrics."val loss"', "-started"], metric: "val loss" });
  fireEvent.click(item(/Starred/));
  fireEvent.click(item(/Failed/));
  await pass();
  expect(project.asked.at(-1)?.also).toEqual(["starred = true", "status in ('failed')"]);
});

test("Script in a name, very long names and names from right to left stay text in one line", async () => {
  const attack = "<img src=x onerror=window.pwned=1>";
  const project = new Project(3);
  project.rows = [
    brief(0, { name: attack, note: attack, tags: { [attack]: attack }, metric: { ...METRIC, name: attack } }),
    brief(1, { name: "x".repeat(10_000) }),
    brief(2, { name: "\u202Egnorw\nline two" }),
  ];
  project.running = [brief(5, { name: attack, status: "running", progress: { step: 1, total: 2 } })];
  await show(project);
  expect(names()[0]).toBe(attack);
  expect(document.querySelector(".nbt-side img")).toBeNull();
  expect(names()[1]?.length).toBeLessThan(1000);
  for (const one of document.querySelectorAll(".nbt-side-name")) expect(one.tagName).toBe("BDI");
  fireEvent.contextMenu(rowOf(attack));
  await pass();
  expect(document.querySelector(".nbt-side img")).toBeNull();
});

test("What is said of a run with a very long name is short", async () => {
  const project = new Project(2, {
    "runs.edit": () => ({ text: `Renamed to ${"x".repeat(900)}`, count: 1, revision: 2, undo: true }),
  });
  await show(project);
  fireEvent.click(rowOf("run 1"));
  press("n");
  await pass();
  const note = screen.getByRole("textbox", { name: "Note" }) as HTMLTextAreaElement;
  note.value = "y";
  fireEvent.input(note);
  await pass();
  fireEvent.keyDown(note, { key: "Enter", ctrlKey: true });
  await pass(300);
  expect(said()[0]).toHaveLength(120);
});

const METRIC = { name: "acc", value: 1, better: null, spark: [] };
