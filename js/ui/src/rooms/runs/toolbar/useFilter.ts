// What is typed into the filter, and what of it is applied: only a text that Python can read. A mistake is said when the
// typing rests, not at every unfinished word, and the last good filter stays.
import { useCallback, useEffect, useRef, useState } from "react";
import { AskError, isAbort } from "../../../api/transport";
import { usePanel } from "../../../state/panel";
import { useSelection } from "../../../state/runs";
import { useSetView, useView } from "../../../state/view";
import { isBegun } from "./completion";

const APPLIED_AFTER = 150; // milliseconds without a key
const SAID_AFTER = 600;

export interface Draft {
  text: string;
  /** A mistake in the text, once it is time to say it. */
  mistake: AskError | null;
  /** The text is not the one that is applied. */
  pending: boolean;
  type(text: string): void;
  /** Apply what stands there now, and say what is wrong with it. */
  settle(): void;
  clear(): void;
}

export function useFilter(): Draft {
  const { transport } = usePanel();
  const applied = useView((view) => view.filter);
  const set = useSetView();
  const selection = useSelection();
  const [text, setText] = useState(applied);
  const [mistake, setMistake] = useState<AskError | null>(null);
  const last = useRef(applied);
  const around = useRef(selection);
  around.current = selection;
  const timers = useRef<ReturnType<typeof setTimeout>[]>([]);
  const asking = useRef<AbortController | null>(null);

  const stop = useCallback(() => {
    for (const timer of timers.current) clearTimeout(timer);
    timers.current = [];
    asking.current?.abort();
  }, []);
  useEffect(() => stop, [stop]);

  // Someone else changed the filter: the caller of the panel, "Reset view", a click on a value.
  useEffect(() => {
    if (applied === last.current) return;
    stop();
    last.current = applied;
    setText(applied);
    setMistake(null);
  }, [applied, stop]);

  const apply = useCallback(
    (wanted: string) => {
      setMistake(null);
      last.current = wanted;
      set({ filter: wanted });
    },
    [set],
  );

  const attempt = useCallback(
    async (wanted: string, sayAt: number) => {
      const controller = new AbortController();
      asking.current = controller;
      try {
        // The conditions beside it are not this text's fault: they are left out.
        const request = { ...around.current, also: [], filter: wanted, limit: 0, columns: [] };
        await transport.ask("runs.page", request, { signal: controller.signal });
        apply(wanted);
      } catch (error) {
        if (isAbort(error)) return;
        const known = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
        timers.current.push(setTimeout(() => setMistake(known), Math.max(0, sayAt - Date.now())));
      }
    },
    [transport, apply],
  );

  const go = useCallback(
    (wanted: string, applyAfter: number, sayAfter: number) => {
      stop();
      const trimmed = wanted.trim();
      if (trimmed === last.current.trim()) return setMistake(null);
      const sayAt = Date.now() + sayAfter;
      if (!trimmed) return apply("");
      if (applyAfter && isBegun(trimmed)) return;
      timers.current.push(setTimeout(() => void attempt(trimmed, sayAt), applyAfter));
    },
    [stop, apply, attempt],
  );

  const type = useCallback(
    (wanted: string) => {
      setText(wanted);
      setMistake(null);
      go(wanted, APPLIED_AFTER, SAID_AFTER);
    },
    [go],
  );
  const settle = useCallback(() => {
    if (!mistake) go(text, 0, 0);
  }, [go, text, mistake]);
  const clear = useCallback(() => type(""), [type]);
  return { text, mistake, pending: text.trim() !== applied.trim(), type, settle, clear };
}
