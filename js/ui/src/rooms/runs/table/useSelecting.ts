// Selecting runs: one, a stretch, all.
import { useMemo, useRef } from "react";
import type { Group } from "../../../contract";
import { usePanel } from "../../../state/panel";
import { useSort } from "../../../state/runs";
import { idsOf, MOST, stretches } from "./picking";
import type { Actions } from "./useActions";
import type { Table } from "./useTable";

export interface Selecting {
  toggle(line: number): void;
  toggleRun(id: string): void;
  /** From the line that was selected last to this one. */
  extend(line: number): Promise<void>;
  all(): Promise<void>;
  group(group: Group): Promise<void>;
  clear(): void;
  /** Whether all runs of a group are selected, as far as they were asked for. */
  hasGroup(group: Group): boolean;
}

export function useSelecting(table: Table, actions: Actions): Selecting {
  const { view, transport } = usePanel();
  const sort = useSort();
  const { source, selection } = table;
  const anchor = useRef<number | null>(null);
  const groups = useRef(new Map<string, string[]>());
  return useMemo(() => {
    const set = (selected: ReadonlySet<string>) => view.getState().set({ selected });
    const now = () => view.getState().selected;
    const ask = (request: Parameters<typeof idsOf>[2]) => transport.ask("runs.page", request);
    const withWhere = (where: string | null) => ({
      ...selection,
      also: where === null ? selection.also : [...selection.also, where],
      sort,
    });
    const toggleRun = (id: string) => {
      const next = new Set(now());
      if (!next.delete(id)) next.add(id);
      set(next);
    };
    const add = (ids: readonly string[]) => set(new Set([...now(), ...ids]));
    const tooMany = (count: number) => {
      if (count <= MOST) return;
      const text = `The first ${MOST.toLocaleString("en-US")} of ${count.toLocaleString("en-US")} runs are selected.`;
      actions.note(text, "Filter for fewer to have them all.");
    };
    return {
      toggleRun,
      toggle: (line) => {
        anchor.current = line;
        const id = source.find(line)?.row?.id;
        if (id) toggleRun(id);
      },
      extend: async (line) => {
        const from = anchor.current ?? line;
        for (const stretch of stretches(source, from, line)) {
          const group = source.groups?.find((one) => one.where === stretch.where) ?? null;
          const blocks = source.blocksOf(group);
          add(await idsOf((at) => blocks.row(at)?.id, stretch, withWhere(stretch.where), ask));
        }
        anchor.current ??= line;
      },
      all: async () => {
        const matched = source.root.matched ?? 0;
        if (!matched) return;
        const whole = { where: null, first: 0, last: matched - 1 };
        set(new Set(await idsOf((at) => source.root.row(at)?.id, whole, withWhere(null), ask)));
        tooMany(matched);
      },
      group: async (group) => {
        const whole = { where: group.where, first: 0, last: group.runs - 1 };
        const ids = await idsOf((at) => source.blocksOf(group).row(at)?.id, whole, withWhere(group.where), ask);
        groups.current.set(group.where, ids);
        const selected = now();
        if (ids.every((id) => selected.has(id))) set(new Set([...selected].filter((id) => !ids.includes(id))));
        else add(ids);
        tooMany(group.runs);
      },
      clear: () => set(new Set()),
      hasGroup: (group) => {
        const ids = groups.current.get(group.where);
        const selected = now();
        return ids !== undefined && ids.length > 0 && ids.every((id) => selected.has(id));
      },
    };
  }, [view, transport, source, selection, sort, actions]);
}
