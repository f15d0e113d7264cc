// All that the table shows, put together: columns, rows, the runs held at the top, and how cells look.
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import type { RunRow } from "../../../contract";
import type { Column } from "../../../lib/columns";
import { useAsk } from "../../../state/query";
import { type Selection, useSelection, useSort } from "../../../state/runs";
import { useView, type View } from "../../../state/view";
import { type Layout, ROW } from "./layout";
import { type Look, useLook } from "./look";
import { askedColumns, type TableColumns, useDeltaWidth, useLayout, useTableColumns } from "./useColumns";
import { type Memory, type Source, useMemory, useSource } from "./useSource";
import { type Spark, useSparks } from "./useSparks";
import { useViewport, type Viewport } from "./useViewport";

export interface Table extends TableColumns {
  columns: TableColumns;
  selection: Selection;
  layout: Layout;
  source: Source;
  look: Look;
  viewport: Viewport;
  /** Runs held at the top: the baseline, and those that were pinned. */
  held: RunRow[];
  heldCame: number;
  /** Pixels above the first line. */
  head: number;
  onScroll(): void;
}

export const HEAD = 52; // pixels of the band and the headings
const HELD = 20; // runs at the top
const FIRST = 100; // runs that tell whether there are curves

export function useTable(box: RefObject<HTMLElement | null>): Table {
  const columns = useTableColumns();
  const selection = useSelection();
  const sort = useKnownSort(columns);
  const memory = useMemory();
  const curves = useHasCurves(memory);
  const [room, setRoom] = useState(0);
  const layout = useLayout(columns.seen, curves, room);
  const asked = useSteady(askedColumns(layout, Math.floor(memory.left / 240) * 240, room || 1200));
  const groupBy = useKnownGroup(columns);
  const source = useSource(selection, sort, asked, columns.ready, groupBy);
  const { held, came: heldCame } = useHeld(asked, columns.ready);
  const head = HEAD + held.length * ROW;
  const { viewport, look: onScroll } = useViewport(box, memory, layout, source.lines.count, head);
  useEffect(() => setRoom(viewport.width), [viewport.width]);
  const [first, last] = viewport.rows;
  useEffect(() => source.see(first, Math.max(first, last - 1)), [source, first, last]);
  const baseline = useView((view) => view.baseline);
  const spark = useSpark(source, held, layout, viewport);
  const base = held.find((row) => row.id === baseline);
  const near = useMemo(() => {
    const ids = new Set(asked);
    return columns.seen.filter((column) => ids.has(column.id));
  }, [columns.seen, asked]);
  const look = useLook(near, selection, source.root, base, spark);
  useStill(box, memory, source, onScroll);
  return { ...columns, columns, selection, layout, source, look, viewport, held, heldCame, head, onScroll };
}

/** Whether any run has a metric of more than one point; once true it stays, so that no column jumps. */
function useHasCurves({ root }: Memory): boolean {
  const seen = useRef(false);
  if (!seen.current) {
    let left = FIRST;
    for (const row of root.rows()) {
      seen.current ||= Object.values(row.metrics).some((metric) => metric.count > 1);
      if (seen.current || left-- === 0) break;
    }
  }
  return seen.current;
}

function useSpark(source: Source, held: readonly RunRow[], layout: Layout, viewport: Viewport): Spark {
  const [first, last] = viewport.rows;
  const deltas = useDeltaWidth();
  const rows = [...held];
  for (let line = first; line < last; line++) {
    const row = source.find(line)?.row;
    if (row) rows.push(row);
  }
  return useSparks(rows, layout, viewport.columns, deltas);
}

/** Sort keys whose column exists: one that was deleted since must not keep the table from being shown. */
function useKnownSort({ all, whole }: TableColumns): string[] {
  const sort = useSort();
  const keys = useView((view) => view.sort);
  const known = useMemo(() => {
    if (!whole) return sort;
    const ids = new Set(all.map((column: Column) => column.id));
    const exists = (id = "") => !id.includes(".") || ids.has(id) || ids.has(id.replace(SUMMARY, ""));
    return sort.filter((_, at) => exists(keys[at]?.id));
  }, [sort, keys, all, whole]);
  return useSteady(known);
}

function useKnownGroup({ all, whole }: TableColumns): string | null {
  const by = useView((view) => view.groupBy);
  return useMemo(() => {
    const gone = whole && by?.includes(".") && !all.some((column) => column.id === by);
    return gone ? null : by;
  }, [by, all, whole]);
}

const SUMMARY = /\.(last|min|max|mean)$/;

/** The same list as long as it says the same. */
function useSteady(list: string[]): string[] {
  const text = JSON.stringify(list);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text is the list
  return useMemo(() => list, [text]);
}

function useHeld(columns: string[], ready: boolean): { held: RunRow[]; came: number } {
  const ids = useView(
    useShallow(({ baseline, pinnedRuns }: View) =>
      [...new Set(baseline ? [baseline, ...pinnedRuns] : pinnedRuns)].slice(0, HELD),
    ),
  );
  const trashed = useView((view) => view.trashed);
  const filter = `id in (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ")})`;
  const off = !ids.length || !ready || trashed;
  const asked = useAsk("runs.page", { filter, columns, limit: HELD }, { off, every: 250 });
  const rows = off ? undefined : asked.data?.rows;
  return useMemo(() => {
    const byId = new Map((rows ?? []).map((row) => [row.id, row]));
    // A run that was deleted elsewhere is not among them any more.
    return { held: ids.flatMap((id) => byId.get(id) ?? []), came: performance.now() };
  }, [rows, ids]);
}

/** Rows that come above what is in sight push nothing away; other rows begin at the top. */
function useStill(box: RefObject<HTMLElement | null>, memory: Memory, source: Source, onScroll: () => void): void {
  const anchor = useRef<{ id: string; line: number; turns: number } | null>(null);
  const { turns } = source.root;
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    const before = anchor.current;
    // Where it is scrolled to is remembered: to ask the page would make it lay out all rows at once.
    if (before && before.turns !== turns) {
      own.scrollTop = 0;
      onScroll();
    } else if (before && memory.top > 0) {
      const line = source.lineOf(before.id);
      if (line !== undefined && line !== before.line) {
        own.scrollTop = memory.top + (line - before.line) * ROW;
        onScroll();
      }
    }
    anchor.current = anchorOf(memory.top, source, turns);
  });
}

function anchorOf(top: number, source: Source, turns: number) {
  const from = Math.floor(top / ROW);
  for (let line = from; line < from + 12; line++) {
    const id = source.find(line)?.row?.id;
    if (id) return { id, line, turns };
  }
  return { id: "", line: -1, turns };
}
