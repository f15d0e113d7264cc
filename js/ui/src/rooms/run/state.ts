// What one panel remembers about the run it shows, for as long as the panel lives: the next run opens at the same tab,
// at the same artifact, compared with the same run.
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Explanation, RunDetail, RunPage } from "../../contract";
import { usePanel } from "../../state/panel";
import { type Asked, useAsk } from "../../state/query";
import { useView, type ViewStore } from "../../state/view";

export const TABS = [
  ["overview", "Overview"],
  ["code", "Code"],
  ["values", "Params and metrics"],
  ["output", "Output"],
  ["artifacts", "Artifacts"],
  ["lineage", "Lineage"],
  ["environment", "Environment"],
  ["why", "Why is it different?"],
] as const;
export type Tab = (typeof TABS)[number][0];

/** What a run is compared with: the run of its cell before it, the table's baseline, or one chosen by hand. */
export type Against = "previous" | "baseline" | { id: string; name: string };

export interface RoomState {
  tab: Tab;
  against: Against;
  /** The code as a difference to the other run. */
  diff: boolean;
  /** Old and new side by side. */
  split: boolean;
  /** The cells behind the run as a list, not as a graph. */
  list: boolean;
  /** The path of the artifact that is looked at. */
  artifact: string | null;
  /** What is looked for among params and metrics. */
  search: string;
  /** Which direction is better, by metric, as far as it was asked for; without a prototype, as names may be any. */
  directions: Record<string, "min" | "max" | null>;
  /** The runs around as they were last answered, so that the next run has its neighbours at once. */
  near: { asked: string; page: RunPage } | null;
  /** The button that brought the next run: it keeps the focus. */
  stepped: -1 | 0 | 1;
}

const FIRST: RoomState = {
  tab: "overview",
  against: "previous",
  diff: false,
  split: false,
  list: false,
  artifact: null,
  search: "",
  directions: Object.create(null),
  near: null,
  stepped: 0,
};

// By the panel's view, so that two panels on one page do not follow one another.
const rooms = new WeakMap<ViewStore, StoreApi<RoomState>>();

export function roomOf(view: ViewStore): StoreApi<RoomState> {
  let room = rooms.get(view);
  if (!room) {
    room = createStore<RoomState>(() => FIRST);
    rooms.set(view, room);
  }
  return room;
}

export function useRoom<T>(pick: (state: RoomState) => T): T {
  return useStore(roomOf(usePanel().view), pick);
}

export function useSetRoom(): (change: Partial<RoomState>) => void {
  return roomOf(usePanel().view).setState;
}

/** Milliseconds between two comparisons of runs that have ended. */
export const SELDOM = 20_000;

/** What every tab is given. */
export interface TabProps {
  detail: RunDetail;
  explained: Asked<Explanation>;
}

/** Why the run is as it is, against what is chosen; a run is not compared with itself. */
export function useExplained(id: string, running: boolean): Asked<Explanation> {
  const against = useRoom((room) => room.against);
  const baseline = useView((view) => view.baseline);
  const chosen = against === "previous" ? null : against === "baseline" ? baseline : against.id;
  // Slower than the rest: it reads two runs whole, and the past does not change often.
  const every = running ? 3000 : SELDOM;
  return useAsk("lineage.explain", { run: id, against: chosen === id ? null : chosen }, { every });
}
