// The list as a component sees it: it follows the question, and asks only while it is in sight.
import { useEffect, useLayoutEffect, useReducer, useState } from "react";
import type { Question, RunList } from "./list";

/** Draws again whenever the list has changed. */
export function useList(list: RunList, question: Question, visible: boolean): void {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useLayoutEffect(() => {
    list.changed = () => redraw();
    return () => {
      list.changed = () => {};
      list.show(false);
    };
  }, [list]);
  // A layout effect: it is asked before the browser draws, and not after.
  useLayoutEffect(() => {
    list.about(question);
    list.show(visible);
  }, [list, question, visible]);
}

/** The time in Unix seconds, told every `seconds` while `on`. */
export function useNow(seconds: number, on: boolean): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    if (!on) return;
    setNow(Date.now() / 1000);
    const timer = setInterval(() => setNow(Date.now() / 1000), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds, on]);
  return now;
}
