// Which runs of a report the charts show: those that are ticked, that the search finds, and that every brush takes.
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Chosen {
  /** Places of runs whose tick was taken off. */
  off: ReadonlySet<number>;
  /** Places that the search finds; null: no search. */
  found: ReadonlySet<number> | null;
  /** By axis of the parallel coordinates, a range of heights. */
  brushes: ReadonlyMap<number, readonly [number, number]>;
  /** Places that all brushes take; null: no brush. */
  brushed: ReadonlySet<number> | null;
}

export type ChosenStore = StoreApi<Chosen>;

export const EVERYTHING: Chosen = { off: new Set(), found: null, brushes: new Map(), brushed: null };

export const createChosen = (): ChosenStore => createStore<Chosen>(() => EVERYTHING);

export function isShown({ off, found, brushed }: Chosen, at: number): boolean {
  return !off.has(at) && (found?.has(at) ?? true) && (brushed?.has(at) ?? true);
}
