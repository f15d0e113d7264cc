// What could stand at the caret of the filter, asked from Python while one types.
import { useCallback, useEffect, useRef, useState } from "react";
import { usePanel } from "../../../state/panel";
import { narrowed, offers, toPoints, wordAt } from "./completion";

const WAIT = 60; // milliseconds without a key

export interface Completion {
  words: string[];
  /** The one the arrow keys are on; -1: none yet. */
  active: number;
  /** Something of the word stands there already. */
  begun: boolean;
  ask(text: string, caret: number): void;
  move(by: number): void;
  close(): void;
}

const NOTHING = { words: [] as string[], active: -1, begun: false };

export function useCompletion(): Completion {
  const { transport } = usePanel();
  const [state, setState] = useState(NOTHING);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const asking = useRef<AbortController | null>(null);
  const stop = useCallback(() => {
    clearTimeout(timer.current);
    asking.current?.abort();
  }, []);
  useEffect(() => stop, [stop]);

  const close = useCallback(() => {
    stop();
    setState(NOTHING);
  }, [stop]);
  const ask = useCallback(
    (text: string, caret: number) => {
      stop();
      const [start] = wordAt(text, caret);
      const typed = text.slice(start, caret);
      // Until the answer is here: Tab must not take a word that no longer fits what stands there.
      setState((now) => ({ words: narrowed(now.words, typed), active: -1, begun: typed !== "" }));
      timer.current = setTimeout(async () => {
        const controller = new AbortController();
        asking.current = controller;
        try {
          const request = { text, position: toPoints(text, caret) };
          const { words } = await transport.ask("runs.complete", request, { signal: controller.signal });
          setState({ words: offers(words, typed), active: -1, begun: typed !== "" });
        } catch {
          if (!controller.signal.aborted) setState(NOTHING); // help that does not come is no error
        }
      }, WAIT);
    },
    [transport, stop],
  );
  const move = useCallback((by: number) => {
    setState((now) => {
      const count = now.words.length;
      if (!count) return now;
      const next = now.active < 0 && by < 0 ? count - 1 : (now.active + by + count) % count;
      return { ...now, active: next };
    });
  }, []);
  return { ...state, ask, move, close };
}
