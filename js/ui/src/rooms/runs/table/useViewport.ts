// Which part of the table is in sight. It changes in steps, so that most scroll events draw nothing.
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Layout } from "./layout";
import { columnsIn, rowsIn } from "./layout";
import type { Memory } from "./useSource";

const BESIDE = 240; // pixels beside what is in sight in which columns are drawn, too

export interface Viewport {
  /** Lines that are drawn: from, to (exclusive). */
  rows: [number, number];
  /** Of the columns that are not held: from, to (exclusive). */
  columns: [number, number];
  /** Pixels: of the box, without its scroll bar. */
  width: number;
  height: number;
  /** Pixels that are scrolled sideways, in steps. */
  left: number;
  scrolled: boolean;
}

const STEP = 120;

export function useViewport(
  box: RefObject<HTMLElement | null>,
  memory: Memory,
  layout: Layout,
  count: number,
  head: number,
) {
  const [seen, setSeen] = useState({ top: memory.top, left: memory.left, width: 0, height: 0 });
  const look = useCallback(() => {
    const own = box.current;
    if (!own) return;
    memory.top = own.scrollTop;
    memory.left = own.scrollLeft;
    setSeen((before) => {
      const next = { top: own.scrollTop, left: own.scrollLeft, width: own.clientWidth, height: own.clientHeight };
      const same =
        before.width === next.width &&
        before.height === next.height &&
        // Without columns out of sight to the side, only the shadow of those held changes.
        Math.floor(before.left / STEP) === Math.floor(next.left / STEP) &&
        before.left > 0 === next.left > 0 &&
        String(rowsIn(before.top, before.height, count)) === String(rowsIn(next.top, next.height, count));
      return same ? before : next;
    });
  }, [box, memory, count]);
  const restored = useRef(false);
  useLayoutEffect(() => {
    const own = box.current;
    // Where it was before it was taken away, once there is something to scroll.
    if (own && count && !restored.current) {
      restored.current = true;
      own.scrollTop = memory.top;
      own.scrollLeft = memory.left;
    }
    look();
  }, [box, memory, count, look]);
  useEffect(() => {
    const own = box.current;
    if (!own) return;
    const sized = new ResizeObserver(look);
    sized.observe(own);
    return () => sized.disconnect();
  }, [box, look]);

  const rows = rowsIn(seen.top, Math.max(0, seen.height - head), count);
  const left = Math.floor(seen.left / STEP) * STEP;
  const columns = columnsIn(layout.free, left + layout.heldWidth - BESIDE, left + STEP + seen.width + BESIDE);
  const viewport: Viewport = { rows, columns, width: seen.width, height: seen.height, left, scrolled: seen.left > 0 };
  return { viewport, look };
}
