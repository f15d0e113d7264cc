// The table's columns: which are seen, how wide they are, and what is to be asked for of them.
import { useEffect, useMemo, useState } from "react";
import type { Key, RunRow } from "../../../contract";
import { seenColumns } from "../../../lib/arrange";
import type { Column } from "../../../lib/columns";
import { inPlace, useArrangement, useSeenColumns } from "../../../state/columns";
import { usePanel } from "../../../state/panel";
import { useAsk } from "../../../state/query";
import { useView } from "../../../state/view";
import { columnsIn, type Layout, layoutOf, naturalWidth } from "./layout";

const PATIENCE = 120; // milliseconds for the names of all columns before those of the first rows are shown
const FIRST_ROWS = 3;
const ASKED_WHOLE = 80; // columns that are asked for whether they are in sight or not
const STEP = 20;

export interface TableColumns {
  seen: Column[];
  all: Column[];
  /** Whether there are columns to show yet. */
  ready: boolean;
  /** Whether they are all known. */
  whole: boolean;
}

/** Names of columns are found in all runs, which takes a while for a hundred thousand; the first rows tell most. */
export function useTableColumns(): TableColumns {
  const { seen, all, asked } = useSeenColumns();
  const arrangement = useArrangement();
  const { transport } = usePanel();
  const late = useLate(PATIENCE);
  const whole = asked.data !== undefined;
  const probe = useAsk("runs.page", { limit: FIRST_ROWS }, { once: true, off: whole });
  const rows = probe.data?.rows;
  const early = useMemo(
    () => (rows && late && !whole ? inPlace(transport, keysOf(rows)) : null),
    [transport, rows, late, whole],
  );
  const earlySeen = useMemo(() => early && seenColumns(early, arrangement, null), [early, arrangement]);
  return useMemo(() => {
    if (whole || !early || !earlySeen) return { seen, all, ready: whole, whole };
    return { seen: earlySeen, all: early, ready: true, whole };
  }, [whole, early, earlySeen, seen, all]);
}

function useLate(wait: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), wait);
    return () => clearTimeout(timer);
  }, [wait]);
  return late;
}

/** The keys that some rows have. */
export function keysOf(rows: readonly RunRow[]): Key[] {
  const found = new Map<string, Key>();
  const see = (kind: Key["kind"], name: string, type: string) => {
    const key = found.get(`${kind}.${name}`) ?? { kind, name, runs: 0, types: [], better: null };
    key.runs += 1;
    if (!key.types.includes(type)) key.types.push(type);
    found.set(`${kind}.${name}`, key);
  };
  for (const row of rows) {
    for (const name of Object.keys(row.metrics)) see("metric", name, "float");
    for (const [name, value] of Object.entries(row.params))
      see("param", name, typeof value === "number" ? "float" : "str");
    for (const name of Object.keys(row.tags)) see("tag", name, "str");
  }
  return [...found.values()];
}

/** Pixels that differences to the baseline take. */
export function useDeltaWidth(): number {
  const deltas = useView((view) => (view.baseline === null ? null : view.deltas));
  return deltas === null ? 0 : deltas === "both" ? 106 : 56;
}

export function useLayout(seen: readonly Column[], curves: boolean, room: number): Layout {
  const widths = useView((view) => view.widths);
  const pinned = useView((view) => view.pinnedColumns);
  const extra = useDeltaWidth();
  return useMemo(() => {
    const widthOf = (column: Column) => widths[column.id] ?? naturalWidth(column, { curves, deltas: extra });
    return layoutOf(seen, new Set(pinned), widthOf, Math.max(300, room * 0.6));
  }, [seen, pinned, widths, curves, extra, room]);
}

/** What runs.page is asked for: all that is seen, or, of very many columns, what is in sight and a little more. */
export function askedColumns(layout: Layout, left: number, width: number): string[] {
  const named = (from: readonly { column: Column }[]) => {
    const ids = from.map(({ column }) => (column.id === "tags" ? "tags.*" : column.id));
    return ids.filter((id) => id.includes("."));
  };
  const count = layout.held.length + layout.free.length;
  if (count <= ASKED_WHOLE) return named([...layout.held, ...layout.free]);
  const [first, last] = columnsIn(layout.free, left + layout.heldWidth, left + width);
  const from = Math.max(0, Math.floor(first / STEP - 1) * STEP);
  return named([...layout.held, ...layout.free.slice(from, Math.ceil(last / STEP + 1) * STEP)]);
}
