// Which part of the table is in sight. It changes in steps, so that most scroll events draw nothing.
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from "react";
import type { Layout } from "./layout";
import { columnsIn, rowsIn } from "./layout";
import type { Memory } from "./useSource";

const BESIDE = 240; // pixels beside what is in sight in which columns are drawn, too
const STEP = 120; // pixels sideways after which other columns are drawn

export interface Viewport {
  /** Lines that are drawn: from, to (exclusive). */
  rows: [number, number];
  /** Of the columns that are not held: from, to (exclusive). */
  columns: [number, number];
  /** Pixels: of the box, without its scroll bar. */
  width: number;
  height: number;
  /** Whether columns have gone below those that are held. */
  scrolled: boolean;
}

interface Place {
  top: number;
  left: number;
  width: number;
  height: number;
}

const sideways = ({ left }: Place) => (left > 0 ? Math.floor(left / STEP) : -1);

export function useViewport(
  box: RefObject<HTMLElement | null>,
  memory: Memory,
  layout: Layout,
  count: number,
  head: number,
) {
  const [place, setPlace] = useState<Place>({ top: memory.top, left: memory.left, width: 0, height: 0 });
  const look = useCallback(() => {
    const own = box.current;
    if (!own) return;
    const { scrollTop: top, scrollLeft: left } = own;
    memory.top = top;
    memory.left = left;
    setPlace((before) => {
      const next = { ...before, top, left };
      const rows = String(rowsIn(top, before.height, count)) === String(rowsIn(before.top, before.height, count));
      return rows && sideways(before) === sideways(next) ? before : next;
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
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    const size = () =>
      setPlace((before) => {
        const { clientWidth: width, clientHeight: height } = own;
        return before.width === width && before.height === height ? before : { ...before, width, height };
      });
    size();
    const sized = new ResizeObserver(size);
    sized.observe(own);
    return () => sized.disconnect();
  }, [box]);

  const { top, left, width, height } = place;
  const rows = rowsIn(top, Math.max(0, height - head), count);
  const from = Math.floor(left / STEP) * STEP;
  const columns = columnsIn(layout.free, from + layout.heldWidth - BESIDE, from + STEP + width + BESIDE);
  const viewport: Viewport = { rows, columns, width, height, scrolled: left > 0 };
  return { viewport, look };
}
