import { type RefObject, useEffect, useState } from "react";

/** Whether an element has less room than so many pixels. */
export function useNarrow(box: RefObject<HTMLElement | null>, below: number): boolean {
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    if (!box.current) return;
    const seen = new ResizeObserver(([entry]) => entry && setNarrow(entry.contentRect.width < below));
    seen.observe(box.current);
    return () => seen.disconnect();
  }, [box, below]);
  return narrow;
}
