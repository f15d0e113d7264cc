// Dragging a line of the chooser to another place of its group.
import { type PointerEvent as ReactPointerEvent, type RefObject, useCallback, useRef, useState } from "react";
import type { ColumnKind } from "../../../lib/columns";
import type { Group } from "./ColumnList";

interface Drag {
  id: string;
  kind: ColumnKind;
  /** The place before which it would be put. */
  to: number;
}

const EDGE = 24; // pixels from the end of the list where it scrolls by itself
const SCROLL = 9;

export interface DragOrder {
  grab(event: ReactPointerEvent<HTMLElement>, group: Group, at: number): void;
  isDragged(id: string): boolean;
  /** Where the line for the drop is drawn at a place of a group. */
  mark(kind: ColumnKind, at: number, count: number): "before" | "after" | undefined;
}

export function useDragOrder(
  box: RefObject<HTMLElement | null>,
  line: number,
  put: (group: Group, from: number, to: number) => void,
): DragOrder {
  const [drag, setDrag] = useState<Drag | null>(null);
  const latest = useRef(put);
  latest.current = put;
  const grab = useCallback(
    (event: ReactPointerEvent<HTMLElement>, group: Group, at: number) => {
      const list = box.current;
      const id = group.columns[at]?.id;
      const handle = event.currentTarget;
      const row = handle.closest<HTMLElement>(".nbt-column-line");
      if (!list || !id || !row || event.button !== 0) return;
      handle.setPointerCapture(event.pointerId);
      const first = Math.round(row.offsetTop / line) - at;
      let to = at;
      const move = ({ clientY }: PointerEvent) => {
        const { top, bottom } = list.getBoundingClientRect();
        if (clientY < top + EDGE) list.scrollTop -= SCROLL;
        if (clientY > bottom - EDGE) list.scrollTop += SCROLL;
        const place = Math.round((clientY - top + list.scrollTop) / line) - first;
        to = Math.max(0, Math.min(group.columns.length, place));
        setDrag({ id, kind: group.kind, to });
      };
      const end = () => {
        handle.removeEventListener("pointermove", move);
        setDrag(null);
        latest.current(group, at, to);
      };
      handle.addEventListener("pointermove", move);
      handle.addEventListener("lostpointercapture", end, { once: true });
    },
    [box, line],
  );
  return {
    grab,
    isDragged: (id) => drag?.id === id,
    mark: (kind, at, count) => {
      if (drag?.kind !== kind) return undefined;
      if (drag.to === at) return "before";
      return drag.to === count && at === count - 1 ? "after" : undefined;
    },
  };
}
