// The line and the column that the keyboard is on. A run is followed by its id when rows come and go above it.
import { type RefObject, useCallback, useEffect, useMemo, useState } from "react";
import { usePanel } from "../../../state/panel";
import { useView } from "../../../state/view";
import { ROW, reach } from "./layout";
import type { Table } from "./useTable";

export const HEADING = -1; // the line of the headings

export interface Cursor {
  /** HEADING, or a line of the table. */
  line: number;
  /** The place of the column among those that are seen. */
  place: number;
  go(line: number, place?: number): void;
}

export function useCursor(box: RefObject<HTMLElement | null>, table: Table): Cursor {
  const { view } = usePanel();
  const active = useView((one) => one.active);
  const { source, layout, head, seen } = table;
  // waits: the keyboard came to a line whose run is not there yet.
  const [at, setAt] = useState({ line: 0, place: 0, waits: false });
  const followed = active !== null && at.line !== HEADING ? source.lineOf(active) : undefined;
  const line = Math.min(followed ?? at.line, Math.max(0, source.lines.count - 1));
  const place = Math.max(0, Math.min(at.place, seen.length - 1));

  const here = at.waits ? source.find(line)?.row?.id : undefined;
  useEffect(() => {
    if (here === undefined) return;
    setAt((before) => ({ ...before, waits: false }));
    view.getState().set({ active: here });
  }, [here, view]);

  const go = useCallback(
    (to: number, column = place) => {
      const next = Math.max(HEADING, Math.min(to, source.lines.count - 1));
      const found = next === HEADING ? undefined : source.find(next);
      const id = found?.row?.id ?? null;
      setAt({ line: next, place: column, waits: id === null && found?.line.kind === "run" });
      if (view.getState().active !== id) view.getState().set({ active: id });
      const own = box.current;
      if (!own) return;
      if (next !== HEADING) {
        own.scrollTop = reach(own.scrollTop, next * ROW, (next + 1) * ROW, 0, own.clientHeight - head);
      }
      const placed = layout.free[column - layout.held.length];
      if (placed) {
        const { left, width } = placed;
        own.scrollLeft = reach(own.scrollLeft, left, left + width, layout.heldWidth, own.clientWidth);
      }
    },
    [box, view, source, layout, head, place],
  );
  return useMemo(() => ({ line, place, go }), [line, place, go]);
}
