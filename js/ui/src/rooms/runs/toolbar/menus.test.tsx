import { cleanup, fireEvent, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../../api/fake";
import type { ProjectStatus } from "../../../contract";
import type { PanelSpec } from "../../../state/panel";
import type { View } from "../../../state/view";
import { paged, pass, row, show } from "./fixture";
import { choices, GroupBy } from "./GroupBy";
import { Toolbar } from "./Toolbar";

const ROWS = [
  row("a1", { params: { lr: 0.1, seed: 1, same: true }, tags: { stage: "draft" } }),
  row("b2", { params: { lr: 0.2, seed: 2, same: true }, tags: { stage: "draft" } }),
  row("c3", { params: { lr: 0.1, seed: 3, same: true }, tags: { stage: "final" } }),
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function toolbar(first: Partial<View> = {}, spec: PanelSpec = {}, names = ["churn", "digits"]) {
  const answers: Answers = {
    "runs.page": paged(ROWS),
    "experiments.list": () => ({
      experiments: names.map((name, at) => ({ name, note: "", created: 1, runs: at + 1, latest: 2 })),
    }),
    "project.status": () => ({ trashed: 7 }) as ProjectStatus,
  };
  const shown = show(<Toolbar />, answers, first, spec);
  await pass(10);
  return shown;
}

async function open(name: string | RegExp) {
  fireEvent.click(screen.getByRole("button", { name }));
  await pass(10);
}
async function choose(name: string | RegExp) {
  fireEvent.click(screen.queryByRole("menuitem", { name }) ?? screen.getByRole("menuitemcheckbox", { name }));
  await pass(10);
}

test("An experiment is chosen, and what was selected among other runs is not any more", async () => {
  const { view } = await toolbar({ selected: new Set(["a1"]) });
  await open("All runs");
  await choose("churn 1");
  expect(view().experiment).toBe("churn");
  expect(view().selected.size).toBe(0);
  await open("churn");
  await choose("All experiments");
  expect(view().experiment).toBeNull();
});

test("The trash says how many runs it has, and is left by choosing an experiment", async () => {
  const { view } = await toolbar();
  await open("All runs");
  await choose("Trash 7");
  expect(view().trashed).toBe(true);
  await open("Trash");
  await choose("digits 2");
  expect(view()).toMatchObject({ trashed: false, experiment: "digits" });
});

test("Only this notebook's runs are offered where the panel knows its notebook", async () => {
  const { view } = await toolbar({}, { notebook: "work/train.ipynb" });
  await open("All runs");
  await choose("Only this notebook");
  expect(view().notebook).toBe("work/train.ipynb");
  await open("train.ipynb");
  await choose("Only this notebook");
  expect(view().notebook).toBeNull();
  cleanup();
  await toolbar();
  await open("All runs");
  expect(screen.queryByText("Only this notebook")).toBeNull();
});

test("Many experiments are found by typing", async () => {
  await toolbar(
    {},
    {},
    Array.from({ length: 250 }, (_, at) => `exp ${at}`),
  );
  await open("All runs");
  expect(screen.getByText("150 more: type to find them")).toBeTruthy();
  fireEvent.input(screen.getByLabelText("Search experiments"), { target: { value: "EXP 24" } });
  await pass();
  const names = screen.getAllByRole("menuitemcheckbox").map((item) => item.textContent);
  expect(names.filter((name) => name?.startsWith("exp"))).toHaveLength(11);
});

test("Params with few values come first among those to group by, those with one value last", () => {
  expect(choices(ROWS)).toEqual([
    { id: "params.lr", values: 2 },
    { id: "tags.stage", values: 2 },
    { id: "params.seed", values: 3 },
    { id: "params.same", values: 1 },
  ]);
});

test("Runs are grouped by a param and no longer, and the groups that were unfolded are forgotten", async () => {
  const { view } = await toolbar({ unfolded: new Set(["x"]) });
  await open("Group");
  await choose("lr 2 values");
  expect(view().groupBy).toBe("params.lr");
  expect(view().unfolded.size).toBe(0);
  await open("By lr");
  await choose("Do not group");
  expect(view().groupBy).toBeNull();
});

test("Of a sample of the runs the number of values is a least number", async () => {
  const page = { rows: ROWS, matched: 5000, total: 5000, offset: 0, revision: 1 };
  show(<GroupBy />, { "runs.page": () => page });
  await open("Group");
  expect(screen.getByRole("menuitemcheckbox", { name: "lr 2+ values" })).toBeTruthy();
  expect(screen.getByRole("menuitemcheckbox", { name: "stage tag 2+ values" })).toBeTruthy();
});

test("Differences are written as chosen as long as there is a baseline, which can be cleared", async () => {
  const { view } = await toolbar({ baseline: "b2" });
  await open("vs run b2");
  await choose(/^Per cent/);
  expect(view().deltas).toBe("percent");
  await open("vs run b2");
  await choose(/^Clear the baseline/);
  expect(view().baseline).toBeNull();
  expect(screen.queryByRole("button", { name: /^vs / })).toBeNull();
});

test("A baseline that was deleted is said to be gone, and can be cleared all the same", async () => {
  const { view } = await toolbar({ baseline: "zz" });
  await open(/^vs a run that/);
  expect(screen.queryByRole("menuitem", { name: "Open this run" })).toBeNull();
  await choose(/^Clear the baseline/);
  expect(view().baseline).toBeNull();
});

test("The view is put back as it was at first, but for the panel's height", async () => {
  const { view } = await toolbar({ filter: "x", groupBy: "status", height: 900, visible: { note: true }, most: 100 });
  await open("More");
  await choose("Reset the view");
  expect(view()).toMatchObject({ filter: "", groupBy: null, height: 900, visible: {}, most: 30 });
});

test("How many runs the charts show is chosen, and eyes that are closed are opened", async () => {
  const { view } = await toolbar({ hidden: ["a1", "b2"], solo: "c3" });
  await open("More");
  await choose("The first 100");
  expect(view().most).toBe(100);
  await open("More");
  await choose("Show all hidden runs 2");
  expect(view()).toMatchObject({ hidden: [], solo: null });
});

test("The keys are told", async () => {
  await toolbar();
  await open("More");
  await choose(/^Keyboard help/);
  expect(screen.getByRole("dialog", { name: "Keys of the table" }).textContent).toContain("baseline");
});
