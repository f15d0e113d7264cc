// Choosing runs: one by a click, more with Ctrl or by their box, a stretch with Shift.
import { useMemo, useRef } from "react";
import { idsOf } from "../runs/table/picking";
import type { Memory } from "./memory";
import type { Actions } from "./useActions";

export interface Picking {
  press(id: string, index: number, how: { toggle: boolean; extend: boolean }): void;
  toggle(id: string): void;
  /** The keyboard goes to a row. */
  go(index: number): void;
  /** All rows from the one that was chosen last, or `from`, to this one. */
  extend(index: number, from?: number): Promise<void>;
  all(): Promise<void>;
  clear(): void;
}

export function usePicking(memory: Memory, actions: Actions): Picking {
  const anchor = useRef<number | null>(null);
  return useMemo(() => {
    const { list, browse, panel } = memory;
    const now = () => browse.getState();
    const pick = (ids: Iterable<string>) => now().set({ selected: new Set(ids) });
    const between = async (first: number, last: number): Promise<string[]> => {
      const { notebook = null, filter = "", also = [], sort = [] } = list.question ?? {};
      const ask = (request: Parameters<typeof panel.transport.ask<"runs.page">>[1]) =>
        panel.transport.ask("runs.page", request);
      return idsOf((at) => list.at(at)?.row.id, { where: null, first, last }, { notebook, filter, also, sort }, ask);
    };
    const toggle = (id: string) => {
      const next = new Set(now().selected);
      if (!next.delete(id)) next.add(id);
      pick(next);
    };
    const extend = async (index: number, from?: number) => {
      anchor.current ??= from ?? index;
      const [first, last] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
      await between(first, last).then(pick, actions.fail);
    };
    return {
      toggle,
      extend,
      press: (id, index, { toggle: one, extend: stretch }) => {
        const { partner } = now();
        now().set({ active: id });
        if (partner !== null) {
          now().set({ partner: null });
          if (partner !== id) actions.compare([partner, id]);
          return;
        }
        if (stretch) return void extend(index);
        anchor.current = index;
        if (one) toggle(id);
        else pick([id]);
      },
      go: (index) => {
        const id = list.at(index)?.row.id;
        if (id !== undefined) now().set({ active: id });
        else waitFor(memory, index);
      },
      all: async () => {
        const count = list.matched ?? 0;
        if (count) await between(0, count - 1).then(pick, actions.fail);
      },
      clear: () => {
        anchor.current = null;
        now().set({ selected: new Set(), partner: null });
      },
    };
  }, [memory, actions]);
}

/** The keyboard came to a row that is not there yet: it is taken when it comes. */
function waitFor({ list, browse }: Memory, index: number, tries = 40): void {
  if (!tries) return;
  setTimeout(() => {
    const id = list.at(index)?.row.id;
    if (id === undefined) waitFor({ list, browse } as Memory, index, tries - 1);
    else browse.getState().set({ active: id });
  }, 50);
}
