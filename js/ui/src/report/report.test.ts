import { expect, test } from "vitest";
import { createChosen, isShown } from "./chosen";
import { nameOf, readReport, type Written } from "./data";
import { bands, KeptTransport, series } from "./kept";
import { brushable } from "./parallel";
import { compared, enliven } from "./table";

const run = (id: string): Written["runs"][number] => ({
  id,
  name: id,
  status: "finished",
  experiment: "default",
  notebook: null,
  started: 1000,
  duration: 1,
  params: {},
  tags: {},
  metrics: { loss: [1, 0, 2, 1, 3, 20] },
});
const WRITTEN: Written = {
  v: 1,
  runs: [run("a"), run("b")],
  metrics: [
    ["loss", "min", 2],
    ["acc", "max", 1],
  ],
  curves: [
    [0, 0, 300, [0, 10, 10], [0, 1, 2], [3, "NaN", 1]],
    [1, 0, 3, [0, 10, 10], [0, 1, 2], [5, 4, 3]],
    [0, 1, 2, [0, 20], [0, 2], [0.5, 0.75]],
    [9, 0, 1, [0], [0], [1]],
  ],
};
const report = readReport(WRITTEN);

test("Steps and times are what they were, and what is of no run is passed over", () => {
  const kept = report.curves.get(nameOf("a", "loss"));
  expect([...(kept?.steps ?? [])]).toEqual([0, 10, 20]);
  expect([...(kept?.times ?? [])]).toEqual([1000, 1001, 1002]);
  expect([...(kept?.values ?? [])]).toEqual([3, Number.NaN, 1]);
  expect(report.curves.size).toBe(3);
  expect(report.runs[0]?.metrics.loss).toMatchObject({ last: 1, count: 3, last_step: 20 });
});

test("A window has its points and a neighbour on either side", () => {
  const ask = (window: [number, number]) => series(report, { runs: ["b"], keys: ["loss"], window }).series[0]?.steps;
  expect(ask([9, 11])).toEqual([0, 10, 20]);
  expect(ask([15, 30])).toEqual([10, 20]);
  expect(series(report, { runs: ["gone", "b"], keys: ["loss", "nothing"] }).series).toHaveLength(1);
});

test("Over another metric, points lie where that had a value at their step", () => {
  const [found] = series(report, { runs: ["a", "b"], keys: ["loss"], x: "metric", x_key: "acc" }).series;
  expect(found).toMatchObject({ run: "a", steps: [0, 20], xs: [0.5, 0.75], values: [3, 1] });
});

test("A mean is over the runs that have a value there", () => {
  const [band] = bands(report, { groups: { all: ["a", "b"] }, key: "loss" }).bands;
  expect(band).toMatchObject({ group: "all", xs: [0, 10, 20], mean: [4, 3, 2], runs: 2 });
  expect(Number(band?.high[0]) - 4).toBeCloseTo(Math.SQRT2);
});

test("There is nobody else to ask", async () => {
  const transport = new KeptTransport(report);
  await expect(transport.ask("runs.edit", { runs: ["a"] })).rejects.toThrow("A report has nothing more");
  await expect(transport.asset("plotly.js")).rejects.toThrow("no plotly.js");
});

function table(): HTMLTableElement {
  document.body.innerHTML = `<div><table><thead><tr><th>#</th><th>lr</th></tr></thead><tbody>
    <tr data-run="0"><td data-v="1">1</td><td data-v="0.1">0.1 adam</td></tr>
    <tr data-run="1"><td data-v="2">2</td><td>–</td></tr>
    <tr data-run="2"><td data-v="3">3</td><td data-t="auto">auto sgd</td></tr></tbody></table></div>`;
  return document.querySelector("table") as HTMLTableElement;
}

test("A click on a heading sorts: numbers, then texts, then what is not there, both ways", () => {
  const own = table();
  enliven(own, createChosen(), () => {});
  const order = () => [...own.querySelectorAll<HTMLElement>("tbody tr")].map((row) => row.dataset.run);
  const button = own.querySelectorAll<HTMLButtonElement>("thead button")[1];
  button?.click();
  expect(order()).toEqual(["0", "2", "1"]);
  button?.click();
  expect(order()).toEqual(["0", "2", "1"]);
  expect(own.querySelectorAll("th")[1]?.ariaSort).toBe("descending");
  const cell = (value: string) => {
    const made = document.createElement("td");
    made.dataset.v = value;
    return made;
  };
  expect(compared(cell("2"), cell("10"), false)).toBeLessThan(0);
});

test("What the search does not find, or what is not ticked, is in no chart", () => {
  const own = table();
  const chosen = createChosen();
  enliven(own, chosen, () => {});
  const shown = () => [0, 1, 2].filter((at) => isShown(chosen.getState(), at));
  const search = document.querySelector<HTMLInputElement>("[type=search]") as HTMLInputElement;
  search.value = "ADAM";
  search.dispatchEvent(new Event("input"));
  expect(shown()).toEqual([0]);
  expect([...own.querySelectorAll<HTMLElement>("tbody tr")].map((row) => row.hidden)).toEqual([false, true, true]);
  const [all] = [...document.querySelectorAll("button")].filter((one) => one.textContent === "Show all");
  all?.click();
  expect(search.value).toBe("");
  const tick = own.querySelector<HTMLInputElement>("tbody input") as HTMLInputElement;
  tick.checked = false;
  tick.dispatchEvent(new Event("change"));
  expect(shown()).toEqual([1, 2]);
  expect(document.querySelector("output")?.textContent).toBe("2 of 3 runs in the charts");
});

test("A brush by the keyboard keeps the runs that cross the axis there; Escape shows all", () => {
  document.body.innerHTML = `<svg><g class="nbr-lines"><path data-run="0" data-at="50 50"/><path data-run="1" data-at="290 50"/></g>
    <g class="nbr-axis" data-axis="0" data-x="60" data-top="46" data-bottom="314"><text><title>params.lr</title></text></g></svg>`;
  const chosen = createChosen();
  brushable(document.querySelector("svg") as SVGSVGElement, chosen, () => {});
  const slider = document.querySelector("[role=slider]") as SVGElement;
  expect(slider.getAttribute("aria-label")).toContain("params.lr");
  slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
  expect([...(chosen.getState().brushed ?? [])]).toEqual([0]);
  expect(document.querySelector(".nbr-aside")?.getAttribute("data-run")).toBe("1");
  slider.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  expect(chosen.getState().brushed).toBeNull();
});
