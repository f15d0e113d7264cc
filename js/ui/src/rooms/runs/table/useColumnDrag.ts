// Columns by the pointer: drag a heading to another place, drag its edge to another width.
import { type MutableRefObject, type PointerEvent as Pointer, useMemo, useRef, useState } from "react";
import { moved } from "../../../lib/arrange";
import { usePanel } from "../../../state/panel";
import type { Layout, Placed } from "./layout";
import { NARROWEST, WIDEST } from "./layout";
import type { TableColumns } from "./useColumns";

const SLACK = 5; // pixels before a press becomes a drag
const EDGE = 40; // pixels from the table's edge where it scrolls by itself

export interface ColumnDrag {
  /** Where the line that shows the drop stands, in the table's own pixels. */
  mark: number | null;
  dragged: string | null;
  /** Whether the latest press was a drag: then its click is none. */
  moved(): boolean;
  grab(event: Pointer<HTMLElement>, placed: Placed): void;
  size(event: Pointer<HTMLElement>, placed: Placed): void;
  fit(id: string): void;
  step(placed: Placed, by: 1 | -1): void;
  grow(placed: Placed, by: number): void;
}

interface Parts {
  columns: TableColumns;
  layout: Layout;
  box: MutableRefObject<HTMLElement | null>;
}

interface Drop {
  /** The place among the columns that are seen before which it would stand. */
  to: number;
  held: boolean;
  mark: number;
}

export function useColumnDrag({ columns, layout, box }: Parts): ColumnDrag {
  const { view } = usePanel();
  const [state, setState] = useState<{ id: string; mark: number } | null>(null);
  const wasDrag = useRef(false);
  return useMemo(() => {
    const set = view.getState().set;
    const width = (id: string, to: number) =>
      set({ widths: { ...view.getState().widths, [id]: Math.round(Math.max(NARROWEST, Math.min(WIDEST, to))) } });
    const drop = (id: string, { to, held }: Drop) => {
      const { pinnedColumns, order } = view.getState();
      const before = columns.seen[to]?.id ?? null;
      if (before === id) return;
      const rest = pinnedColumns.filter((one) => one !== id);
      const at = before === null ? -1 : rest.indexOf(before);
      if (held) rest.splice(at < 0 ? rest.length : at, 0, id);
      set({ pinnedColumns: rest, order: moved(columns.all, order, id, before) });
    };
    const fit = (id: string) => {
      const wanted = box.current ? contentWidth(box.current, id) : 0;
      if (wanted) width(id, wanted);
    };
    return {
      mark: state?.mark ?? null,
      dragged: state?.id ?? null,
      moved: () => wasDrag.current,
      fit,
      grow: (placed, by) => width(placed.column.id, placed.width + by),
      step: (placed, by) => {
        const to = by > 0 ? placed.place + 2 : placed.place - 1;
        if (to < 0 || to > columns.seen.length) return;
        const held = layout.held.includes(placed) ? to <= layout.held.length : to < layout.held.length;
        drop(placed.column.id, { to, held, mark: 0 });
      },
      size: (event, placed) => {
        event.stopPropagation();
        event.preventDefault();
        const edge = event.currentTarget;
        const from = event.clientX - placed.width;
        edge.setPointerCapture(event.pointerId);
        const move = (next: PointerEvent) => width(placed.column.id, next.clientX - from);
        edge.addEventListener("pointermove", move);
        edge.addEventListener("lostpointercapture", () => edge.removeEventListener("pointermove", move), {
          once: true,
        });
      },
      grab: (event, placed) => {
        wasDrag.current = false;
        if (event.button !== 0 || (event.target as HTMLElement).closest("button")) return;
        const heading = event.currentTarget;
        const start = event.clientX;
        const { id } = placed.column;
        let latest: Drop | null = null;
        const move = (next: PointerEvent) => {
          if (!wasDrag.current && Math.abs(next.clientX - start) < SLACK) return;
          if (!wasDrag.current) heading.setPointerCapture(event.pointerId);
          wasDrag.current = true;
          if (!box.current) return;
          latest = dropAt(layout, box.current, next.clientX);
          setState({ id, mark: latest.mark });
        };
        const end = (last: Event) => {
          heading.removeEventListener("pointermove", move);
          for (const name of ENDS) heading.removeEventListener(name, end);
          setState(null);
          if (latest && last.type === "pointerup") drop(id, latest);
        };
        heading.addEventListener("pointermove", move);
        for (const name of ENDS) heading.addEventListener(name, end);
      },
    };
  }, [view, columns, layout, box, state]);
}

const ENDS = ["pointerup", "pointercancel", "pointerleave"] as const;

/** Where a column would be put that is dropped at a place of the window. */
function dropAt(layout: Layout, box: HTMLElement, clientX: number): Drop {
  const { left, right } = box.getBoundingClientRect();
  if (clientX > right - EDGE) box.scrollLeft += 12;
  else if (clientX > left + layout.heldWidth && clientX < left + layout.heldWidth + EDGE) box.scrollLeft -= 12;
  const x = clientX - left;
  const held = x < layout.heldWidth;
  const among = held ? layout.held : layout.free;
  const own = held ? x : x + box.scrollLeft;
  const before = among.find((one) => one.left + one.width / 2 > own);
  if (before) return { to: before.place, held, mark: before.left + (held ? box.scrollLeft : 0) };
  const last = among.at(-1);
  const mark = last ? last.left + last.width + (held ? box.scrollLeft : 0) : layout.heldWidth;
  return { to: (last?.place ?? layout.held.length - 1) + 1, held, mark };
}

/** As wide as what stands in a column at the moment. */
function contentWidth(box: HTMLElement, id: string): number {
  const cells = [...box.querySelectorAll<HTMLElement>("[data-col]")].filter((one) => one.dataset.col === id);
  const before = cells.map((one) => one.style.width);
  for (const one of cells) one.style.width = "max-content";
  const widest = Math.max(0, ...cells.map((one) => one.getBoundingClientRect().width));
  cells.forEach((one, at) => {
    one.style.width = before[at] ?? "";
  });
  return Math.min(Math.ceil(widest) + 2, 480);
}
