import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeTransport } from "../api/fake";
import type { View as Saved } from "../contract";
import { remember } from "./remember";
import { ARRANGED, arranged, createView, restored } from "./view";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const saving = (state: Saved["state"] = null) =>
  new FakeTransport({ "tables.view": () => ({ state }), "tables.save": (view) => view });

test("the view comes back as it was left", async () => {
  const first = createView();
  const transport = saving();
  await remember(first, transport, {});
  first.getState().set({ groupBy: "params.lr", widths: { name: 240 }, curves: { ...ARRANGED.curves, smoothing: 0.6 } });
  await vi.advanceTimersByTimeAsync(1000);
  const saved = transport.of("tables.save").at(-1) as Saved;
  const second = createView();
  await remember(second, saving(JSON.parse(JSON.stringify(saved.state))), {});
  expect(arranged(second.getState())).toEqual(arranged(first.getState()));
});

test("many changes are saved once, after a moment of quiet", async () => {
  const view = createView();
  const transport = saving();
  await remember(view, transport, {});
  for (let width = 100; width < 200; width++) view.getState().set({ widths: { name: width } });
  await vi.advanceTimersByTimeAsync(1000);
  expect(transport.of("tables.save").length).toBe(1);
});

test("what is only passing is not saved", async () => {
  const view = createView();
  const transport = saving();
  await remember(view, transport, {});
  view.getState().set({ hover: "x", selected: new Set(["x"]) });
  await vi.advanceTimersByTimeAsync(1000);
  expect(transport.of("tables.save")).toEqual([]);
});

test("what the caller asked for goes before what was remembered", async () => {
  const view = createView();
  await remember(view, saving({ filter: "old", most: 100 }), {
    filter: "new",
    sort: ["-metrics.acc"],
    open: "abc",
    charts: ["loss"],
  });
  expect(view.getState()).toMatchObject({
    filter: "new",
    most: 100,
    metrics: ["loss"],
    sort: [{ id: "metrics.acc", desc: true }],
    open: { kind: "run", id: "abc" },
  });
});

test.each([null, 3, "text", [], { filter: 7, sort: "x", curves: null, widths: [], most: "many", unknown: 1 }])(
  "a remembered view that is damaged does no harm: %j",
  (state) => {
    const view = createView(restored(state));
    expect(arranged(view.getState())).toEqual(ARRANGED);
  },
);

test("a project without a remembered view, or that does not answer, is shown by the defaults", async () => {
  const view = createView();
  await remember(view, new FakeTransport(), {});
  expect(arranged(view.getState())).toEqual(ARRANGED);
});

/** A project that answers after so many milliseconds. */
const slow = (state: Saved["state"], wait: number) =>
  new FakeTransport({
    "tables.view": async () => {
      await new Promise((resolve) => setTimeout(resolve, wait));
      return { state };
    },
    "tables.save": (view) => view,
  });

test("a remembered view that comes after the panel was shown is taken, below what its caller asked for", async () => {
  const view = createView();
  const transport = slow({ filter: "kept", groupBy: "params.lr" }, 5000);
  void remember(view, transport, { filter: "asked" });
  await vi.advanceTimersByTimeAsync(4000);
  expect(view.getState()).toMatchObject({ filter: "asked", groupBy: ARRANGED.groupBy });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(view.getState()).toMatchObject({ filter: "asked", groupBy: "params.lr" });
  expect(transport.of("tables.save")).toEqual([]);
});

test("a remembered view that comes after the user has begun to arrange the panel is not taken", async () => {
  const view = createView();
  const transport = slow({ filter: "kept" }, 5000);
  void remember(view, transport, {});
  await vi.advanceTimersByTimeAsync(1000);
  view.getState().set({ groupBy: "params.lr" });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(view.getState()).toMatchObject({ filter: "", groupBy: "params.lr" });
});

test("a remembered view that comes after the panel was closed changes nothing", async () => {
  const view = createView();
  const ended = remember(view, slow({ filter: "kept" }, 5000), {});
  await vi.advanceTimersByTimeAsync(1000);
  (await ended)();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(view.getState().filter).toBe("");
});

test("a change made just before the panel closes is saved", async () => {
  const view = createView();
  const transport = saving();
  const end = await remember(view, transport, {});
  view.getState().set({ filter: "last" });
  end();
  expect((transport.of("tables.save").at(-1) as Saved).state).toMatchObject({ filter: "last" });
});

test("two views of a project do not undo one another's changes", async () => {
  let state: Saved["state"] = null;
  const way = () =>
    new FakeTransport({
      "tables.view": () => ({ state }),
      "tables.save": (saved) => {
        state = saved.state;
        return saved;
      },
    });
  const [one, other] = [createView(), createView()];
  await remember(one, way(), {});
  await remember(other, way(), {});
  one.getState().set({ filter: "kept" });
  await vi.advanceTimersByTimeAsync(1000);
  other.getState().set({ groupBy: "params.lr" });
  await vi.advanceTimersByTimeAsync(1000);
  expect(state).toMatchObject({ filter: "kept", groupBy: "params.lr" });
});

test("columns that a saved view has hidden are hidden", async () => {
  const view = createView();
  await remember(view, saving({ visible: { note: true } }), { columns: ["params.lr"], hidden: ["status"] });
  expect(view.getState()).toMatchObject({ order: ["params.lr"], visible: { "params.lr": true, status: false } });
});
