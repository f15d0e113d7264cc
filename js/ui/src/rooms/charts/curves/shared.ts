// What the charts of one view have in common: the crosshair, the zoom, and which charts there are.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Range } from "./calc/range";
import type { CardChart } from "./cardChart";

export interface Pointed {
  /** The chart that is pointed at. */
  key: string;
  /** The value on the x axis. */
  x: number;
  /** Where in the window: beside it stands the tooltip. */
  left: number;
  top: number;
}

export interface SharedState {
  pointed: Pointed | null;
  /** The values of x that are zoomed into. */
  zoom: Range | null;
  /** The group under the pointer, where lines are means of groups. */
  group: string | null;
}

export interface Shared {
  store: StoreApi<SharedState>;
  charts: Map<string, CardChart>;
}

export function createShared(): Shared {
  return { store: createStore<SharedState>(() => ({ pointed: null, zoom: null, group: null })), charts: new Map() };
}
