import { act, cleanup, fireEvent, render, screen, within } from "@testing-library/preact";
import axe from "axe-core";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Answers, FakeTransport } from "../../../api/fake";
import { AskError } from "../../../api/transport";
import type { RunRow, SeriesRequest, Summary } from "../../../contract";
import { Panel } from "../../../state/panel";
import { createQueryState } from "../../../state/query";
import { createToasts } from "../../../state/toasts";
import { createView, type View } from "../../../state/view";
import { Curves } from "./Curves";
import { CurvesOf } from "./CurvesOf";

// A page without pixels: elements have a size, everything is in sight, and a canvas takes every stroke.
class Seen {
  readonly #call: (entries: { isIntersecting: boolean }[]) => void;
  constructor(call: (entries: { isIntersecting: boolean }[]) => void) {
    this.#call = call;
  }
  observe() {
    this.#call([{ isIntersecting: true }]);
  }
  unobserve() {}
  disconnect() {}
}
class Path {
  moveTo() {}
  lineTo() {}
  arc() {}
  rect() {}
  closePath() {}
}
const strokes = vi.fn();
const canvas = new Proxy({} as Record<string, unknown>, {
  get: (own, name: string) => own[name] ?? (name === "measureText" ? () => ({ width: 8 }) : strokes),
});

const summary = (last: number): Summary => ({
  last,
  min: last,
  max: last,
  mean: last,
  count: 3,
  last_step: 2,
  source: "",
});

function run(id: string, change: Partial<RunRow> = {}): RunRow {
  return {
    id,
    name: `run-${id}`,
    status: "finished",
    experiment: "digits",
    started: 0,
    ended: 1,
    duration: 1,
    kind: "cell",
    notebook: null,
    cell: null,
    execution: null,
    parent: null,
    note: "",
    starred: false,
    trashed: null,
    end_reason: null,
    revision: 1,
    params: { lr: id === "c" ? 0.2 : 0.1 },
    metrics: { loss: summary(0.5), "val/acc": summary(0.9) },
    tags: {},
    ...change,
  };
}

const RUNS = ["a", "b", "c"].map((id) => run(id));
const series = ({ runs, keys }: SeriesRequest) => ({
  series: runs.flatMap((id) =>
    keys.map((key) => ({
      run: id,
      key,
      steps: [0, 1, 2],
      times: [0, 1, 2],
      values: [1, 2, id.charCodeAt(0)],
      total: 3,
      xs: [5, 6, 7],
    })),
  ),
  revision: 1,
  missing: [],
});
const ANSWERS: Answers = {
  "runs.page": () => ({ rows: RUNS, matched: 40, total: 50, offset: 0, revision: 1 }),
  "runs.keys": () => ({
    keys: ["loss", "val/acc"].map((name) => ({ kind: "metric", name, runs: 3, types: [], better: null })),
  }),
  "runs.series": series,
  "charts.tail": () => ({ series: [], revision: 1, missing: [] }),
  "charts.bands": ({ groups }) => ({
    bands: Object.keys(groups).map((group) => ({
      group,
      xs: [0, 1],
      mean: [1, 2],
      low: [0, 1],
      high: [2, 3],
      runs: 2,
    })),
    revision: 1,
  }),
};

async function shown(what: ReactNode, answers: Answers = {}, first: Partial<View> = {}) {
  const transport = new FakeTransport({ ...ANSWERS, ...answers });
  const view = createView(first);
  const panel = { transport, query: createQueryState(transport), view, toasts: createToasts(), spec: { v: 1 } };
  const page = render(<Panel.Provider value={panel}>{what}</Panel.Provider>);
  await settle();
  return { transport, view, ...page };
}

/** Let time pass in pieces: what one makes the page show is only there for the next. */
async function settle(pieces = 8): Promise<void> {
  for (let n = 0; n < pieces; n++) {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(50);
    });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IntersectionObserver", Seen);
  vi.stubGlobal("ResizeObserver", Seen);
  vi.stubGlobal("Path2D", Path);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(340);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(190);
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(canvas as never);
});
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("Curves", () => {
  it("has a chart for each metric, which says what it shows", async () => {
    const { transport } = await shown(<Curves />);
    expect(screen.getAllByRole("figure").map((one) => one.getAttribute("aria-label"))).toEqual([
      "loss: 3 runs, from 1 to 99",
      "val/acc: 3 runs, from 1 to 99",
    ]);
    expect(transport.of("runs.series")).toEqual([
      { runs: ["a", "b", "c"], keys: ["loss", "val/acc"], width: 480, x: "step", x_key: null, window: null },
    ]);
    expect(strokes).toHaveBeenCalled();
  });

  it("says what to type where there are no metrics yet", async () => {
    await shown(<Curves />, { "runs.keys": () => ({ keys: [] }) });
    expect(screen.getByText(/nbtrack\.log\(/)).toBeTruthy();
  });

  it("says what went wrong, and asks again", async () => {
    let broken = true;
    await shown(<Curves />, {
      "runs.keys": () => {
        if (broken) throw new AskError({ code: "timeout", message: "No answer after 30 s.", hint: "Wait." });
        return { keys: [] };
      },
    });
    expect(screen.getByRole("alert").textContent).toContain("No answer after 30 s.");
    broken = false;
    fireEvent.click(screen.getByRole("button", { name: "Ask again" }));
    await settle();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("keeps its charts when curves cannot be had, and says so", async () => {
    await shown(<Curves />, {
      "runs.series": () => {
        throw new AskError({ code: "unreachable", message: "The server cannot be reached." });
      },
    });
    expect(screen.getByText(/The server cannot be reached/)).toBeTruthy();
    expect(screen.getAllByRole("figure")).toHaveLength(2);
  });

  it("shows no run whose eye is closed, and one that is alone", async () => {
    const { view } = await shown(<Curves />, {}, { hidden: ["b"] });
    expect(screen.getAllByRole("figure")[0]?.getAttribute("aria-label")).toContain("2 runs");
    act(() => view.setState({ solo: "a" }));
    await settle();
    expect(screen.getAllByRole("figure")[0]?.getAttribute("aria-label")).toContain("1 run,");
  });

  it("asks for another axis, and for means of groups", async () => {
    const { transport, view } = await shown(<Curves />);
    const curves = { ...view.getState().curves, x: "metric" as const, xKey: "loss" };
    act(() => view.setState({ curves }));
    await settle();
    expect(transport.of("runs.series").at(-1)).toMatchObject({ x: "metric", x_key: "loss" });
    act(() => view.setState({ curves: { ...curves, x: "step", bands: true, by: "params.lr" } }));
    await settle(20);
    expect(transport.of("charts.bands")[0]?.groups).toEqual({ "lr 0.1": ["a", "b"], "lr 0.2": ["c"] });
    expect(screen.getAllByRole("figure")[0]?.getAttribute("aria-label")).toContain("2 groups");
  });

  it("lets the keyboard move the crosshair, and says what is there", async () => {
    await shown(<Curves />);
    const crosshair = screen.getByRole("slider", { name: /Crosshair of loss/ });
    fireEvent.keyDown(crosshair, { key: "ArrowRight" });
    fireEvent.keyDown(crosshair, { key: "ArrowRight" });
    fireEvent.keyDown(crosshair, { key: "ArrowRight" });
    await settle();
    expect(crosshair.getAttribute("aria-valuetext")).toBe("step 2: run-c 99, run-b 98, run-a 97");
    fireEvent.keyDown(crosshair, { key: "ArrowLeft" });
    expect(crosshair.getAttribute("aria-valuetext")).toContain("step 1: ");
    fireEvent.keyDown(crosshair, { key: "Escape" });
    await settle();
    expect(document.querySelector(".nbt-curve-tip")).toBeNull();
  });

  it("has one tooltip, with the highest first", async () => {
    await shown(<Curves />);
    fireEvent.keyDown(screen.getByRole("slider", { name: /Crosshair of loss/ }), { key: "ArrowLeft" });
    await settle();
    const tips = document.querySelectorAll(".nbt-curve-tip");
    expect(tips).toHaveLength(1);
    expect([...(tips[0]?.querySelectorAll("tr") ?? [])].map((one) => one.textContent)).toEqual([
      expect.stringContaining("run-c99"),
      expect.stringContaining("run-b98"),
      expect.stringContaining("run-a97"),
    ]);
  });

  it("hides a chart, moves one, and takes others in", async () => {
    const { view } = await shown(<Curves />);
    const choose = async (menu: string, item: string) => {
      fireEvent.click(screen.getByRole("button", { name: menu }));
      await settle();
      fireEvent.click(within(screen.getByRole("menu")).getByText(item));
      await settle();
    };
    await choose("Menu of val/acc", "Move to the front");
    expect(view.getState().metrics).toEqual(["val/acc", "loss"]);
    await choose("Menu of val/acc", "Hide");
    expect(view.getState().metrics).toEqual(["loss"]);
    fireEvent.click(screen.getByRole("button", { name: "Metrics" }));
    await settle();
    fireEvent.click(screen.getByRole("menuitemcheckbox", { name: /val\/acc/ }));
    expect(view.getState().metrics).toEqual(["loss", "val/acc"]);
  });

  it("sets a log axis for one chart, or for all", async () => {
    const { view } = await shown(<Curves />);
    fireEvent.click(screen.getByRole("button", { name: "Menu of loss" }));
    await settle();
    fireEvent.click(screen.getByRole("menuitemcheckbox", { name: "Log y" }));
    expect(view.getState().curves.own).toEqual({ loss: { logY: true } });
    fireEvent.click(screen.getByRole("button", { name: "Log y" }));
    expect(view.getState().curves).toMatchObject({ logY: true, own: {} });
  });

  it("can be read and reached by everybody", async () => {
    const { container } = await shown(<Curves />);
    vi.useRealTimers();
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  });
});

describe("CurvesOf", () => {
  it("shows all metrics of the runs it is given", async () => {
    const { transport } = await shown(<CurvesOf ids={["c", "a'"]} />, {
      "runs.page": () => ({ rows: [run("a'"), run("c")], matched: 2, total: 2, offset: 0, revision: 1 }),
    });
    expect(transport.of("runs.page")[0]).toMatchObject({ filter: "id in ('c', 'a''')", limit: 2 });
    expect(transport.of("runs.series")[0]?.runs).toEqual(["c", "a'"]);
    expect(screen.getAllByRole("figure")).toHaveLength(2);
  });

  it("says that a run logged nothing", async () => {
    await shown(<CurvesOf ids={["a"]} />, {
      "runs.page": () => ({ rows: [run("a", { metrics: {} })], matched: 1, total: 1, offset: 0, revision: 1 }),
    });
    expect(screen.getByText("This run logged no metrics.")).toBeTruthy();
  });
});
