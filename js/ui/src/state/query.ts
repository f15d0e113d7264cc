// What Python owns. A view asks for what it shows, keeps the last answer while it asks again, and asks again when the
// project's file has a new revision; no view edits its own copy.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import {
  type AnswerOf,
  AskError,
  isAbort,
  type Link,
  type OperationName,
  type RequestOf,
  type Transport,
} from "../api/transport";
import { usePanel } from "./panel";

export interface Query {
  /** The latest revision heard of. */
  revision: number;
  link: Link;
}

export interface QueryState {
  store: StoreApi<Query>;
  /** Say that the file has changed, after an edit of our own; the push may come later or never. */
  heard(revision: number): void;
  /** Say that a question is put whose answer somebody looks for; what is returned says that it was answered. */
  urgent(): () => void;
  /** Resolves when no such question is under way, or after a while. */
  calm(): Promise<void>;
  close(): void;
}

const PATIENCE = 400; // milliseconds that a question waits for more urgent ones

export function createQueryState(transport: Transport): QueryState {
  const store = createStore<Query>(() => ({ revision: 0, link: "open" }));
  const heard = (revision: number) => {
    // A file that was replaced may start again from a lower number: any other number is news.
    if (revision !== store.getState().revision) store.setState({ revision });
  };
  const ends = [transport.onRevision(heard), transport.onLink((link) => store.setState({ link }))];
  return { store, heard, ...createTurns(), close: () => ends.forEach((end) => void end()) };
}

/** Python answers one question at a time, more or less: what is looked for first should not share it with the rest. */
function createTurns(): Pick<QueryState, "urgent" | "calm"> {
  let under = 0;
  let waiting: (() => void)[] = [];
  const urgent = () => {
    let ended = false;
    under += 1;
    return () => {
      if (ended) return;
      ended = true;
      under -= 1;
      if (under) return;
      for (const go of waiting) go();
      waiting = [];
    };
  };
  const calm = () =>
    new Promise<void>((resolve) => {
      if (!under) return resolve();
      const timer = setTimeout(resolve, PATIENCE);
      waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  return { urgent, calm };
}

export interface Asked<T> {
  data: T | undefined;
  error: AskError | undefined;
  /** A question is under way. */
  loading: boolean;
  /** What is shown answers another request than the present one. */
  stale: boolean;
  again(): void;
}

export interface UseAskOptions {
  /** Do not ask. */
  off?: boolean;
  /** Milliseconds between two questions because of a new revision; 100 if not given: ten a second. */
  every?: number;
  /** Ask once, whatever the revision does. */
  once?: boolean;
  /** Let the rows that are looked for come first. */
  late?: boolean;
  timeout?: number;
}

/** The revision, at most once in `every` milliseconds, the last one never lost. */
export function useRevision(every = 100): number {
  const { query } = usePanel();
  const [seen, setSeen] = useState(() => query.store.getState().revision);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const take = () => {
      timer = undefined;
      last = Date.now();
      setSeen(query.store.getState().revision);
    };
    const changed = () => {
      if (timer === undefined) timer = setTimeout(take, Math.max(0, last + every - Date.now()));
    };
    const end = query.store.subscribe((now, before) => {
      if (now.revision !== before.revision) changed();
    });
    changed(); // what was announced between the first picture and this
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [query, every]);
  return seen;
}

export function useLink(): Link {
  return useStore(usePanel().query.store, (one) => one.link);
}

/** Ask an operation, and again whenever the request or the revision changes. The last answer stays meanwhile. */
export function useAsk<K extends OperationName>(
  op: K,
  request: RequestOf<K>,
  { off = false, every = 100, once = false, late = false, timeout }: UseAskOptions = {},
): Asked<AnswerOf<K>> {
  const { transport, query } = usePanel();
  const revision = useRevision(every);
  const key = JSON.stringify(request);
  const [state, setState] = useState<{ key: string; data?: AnswerOf<K>; error?: AskError }>({ key: "" });
  const [loading, setLoading] = useState(!off);
  const [tries, setTries] = useState(0);
  const again = useCallback(() => setTries((count) => count + 1), []);
  const running = useRef<{ key: string; waiting: boolean } | null>(null);

  // A new revision while the same question is under way: ask once more after it, rather than giving it up each time,
  // or a slow answer would never come while a cell logs.
  const ask = useCallback(() => {
    if (running.current?.key === key) {
      running.current.waiting = true;
      return undefined;
    }
    const own = { key, waiting: false };
    running.current = own;
    const controller = new AbortController();
    setLoading(true);
    const put = () => {
      controller.signal.throwIfAborted();
      return transport.ask(op, JSON.parse(key) as RequestOf<K>, { signal: controller.signal, timeout });
    };
    (late ? query.calm().then(put) : put())
      .then(
        (data) => running.current === own && setState({ key, data }),
        (error: unknown) => {
          if (running.current !== own || isAbort(error)) return;
          const known = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
          setState((before) => ({ key, data: before.data, error: known }));
        },
      )
      .finally(() => {
        if (running.current !== own) return;
        running.current = null;
        setLoading(false);
        if (own.waiting) setTries((count) => count + 1);
      });
    return controller;
  }, [transport, query, op, key, late, timeout]);

  const controller = useRef<AbortController | undefined>(undefined);
  const asked = once ? 0 : revision;
  useEffect(() => {
    if (off) return;
    if (running.current && running.current.key !== key) {
      controller.current?.abort();
      running.current = null;
    }
    controller.current = ask() ?? controller.current;
  }, [ask, asked, tries, off, key]);
  useEffect(
    () => () => {
      controller.current?.abort();
      running.current = null;
    },
    [],
  );
  return useMemo(
    () => ({ data: state.data, error: state.error, loading, stale: state.key !== key, again }),
    [state, loading, key, again],
  );
}

/** Do something that changes the project; every view hears of the new revision at once. */
export function useTell(): <K extends OperationName>(op: K, request: RequestOf<K>) => Promise<AnswerOf<K>> {
  const { transport, query } = usePanel();
  return useCallback(
    async (op, request) => {
      const answer = await transport.ask(op, request);
      const { revision } = answer as { revision?: number };
      if (typeof revision === "number") query.heard(revision);
      return answer;
    },
    [transport, query],
  );
}
