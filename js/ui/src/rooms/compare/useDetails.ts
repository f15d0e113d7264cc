// The runs that are compared, each asked for again only when it has changed.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { AskError, isAbort, type Transport } from "../../api/transport";
import type { RunDetail } from "../../contract";
import { usePanel } from "../../state/panel";
import { useRevision } from "../../state/query";
import { useView } from "../../state/view";
import { byId } from "../runs/toolbar/gather";

const EVERY = 1000; // milliseconds

export interface Details {
  /** In the order in which they were asked for, without those that are gone. */
  runs: RunDetail[];
  /** Names of the runs that were deleted; ids of those never seen. */
  gone: string[];
  error: AskError | null;
  loading: boolean;
  again: () => void;
}

interface Memory {
  runs: Map<string, RunDetail | "gone">;
  names: Map<string, string>;
}

export function useDetails(ids: readonly string[]): Details {
  const { transport } = usePanel();
  const trashed = useView((view) => view.trashed);
  const revision = useRevision(EVERY);
  const memory = useRef<Memory>({ runs: new Map(), names: new Map() });
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<AskError | null>(null);
  const [tries, setTries] = useState(0);
  const key = JSON.stringify([ids, trashed]);
  const job = useRef<{ key: string; more: boolean; controller: AbortController } | null>(null);

  const ask = useCallback(() => {
    // Still at it: once more afterwards, rather than giving it up with each revision while a cell logs.
    if (job.current?.key === key) {
      job.current.more = true;
      return;
    }
    job.current?.controller.abort();
    const own = { key, more: false, controller: new AbortController() };
    job.current = own;
    const [wanted, inTrash] = JSON.parse(key) as [string[], boolean];
    refresh(transport, wanted, inTrash, memory.current, own.controller.signal)
      .then(
        () => job.current === own && setError(null),
        (reason: unknown) => {
          if (job.current !== own || isAbort(reason)) return;
          setError(reason instanceof AskError ? reason : new AskError({ code: "internal", message: String(reason) }));
        },
      )
      .finally(() => {
        if (job.current !== own) return;
        job.current = null;
        setVersion((count) => count + 1);
        if (own.more) setTries((count) => count + 1);
      });
  }, [transport, key]);

  useEffect(ask, [ask, revision, tries]);
  useEffect(
    () => () => {
      job.current?.controller.abort();
      job.current = null;
    },
    [],
  );

  const found = useMemo(() => pick(JSON.parse(key)[0] as string[], memory.current), [key, version]);
  const before = useRef<RunDetail[]>([]);
  // The same runs are the same list, so that nothing is computed again for them.
  if (!sameItems(before.current, found.runs)) before.current = found.runs;
  const again = useCallback(() => setTries((count) => count + 1), []);
  return { runs: before.current, gone: found.gone, error, loading: found.loading && !error, again };
}

async function refresh(
  transport: Transport,
  wanted: readonly string[],
  trashed: boolean,
  { runs, names }: Memory,
  signal: AbortSignal,
): Promise<void> {
  const rows = new Map((await byId(transport, wanted, trashed, [], [])).map((row) => [row.id, row]));
  const asked = wanted.map(async (id): Promise<void> => {
    const row = rows.get(id);
    if (!row) {
      runs.set(id, "gone");
      // One that lies in the trash still tells its name.
      if (!names.has(id)) {
        const lost = await transport.ask("runs.get", { run: id }, { signal }).catch(() => null);
        names.set(id, lost?.row.name ?? id);
      }
      return;
    }
    names.set(id, row.name);
    const known = runs.get(id);
    const same = known && known !== "gone" && known.row.revision === row.revision && row.status !== "running";
    if (!same) runs.set(id, await transport.ask("runs.get", { run: id }, { signal }));
  });
  const failed = (await Promise.allSettled(asked)).find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
}

function pick(ids: readonly string[], { runs, names }: Memory): Pick<Details, "runs" | "gone" | "loading"> {
  const found = ids.map((id) => [id, runs.get(id)] as const);
  return {
    runs: found.flatMap(([, run]) => (run && run !== "gone" ? [run] : [])),
    gone: found.flatMap(([id, run]) => (run === "gone" ? [names.get(id) ?? id] : [])),
    loading: found.some(([, run]) => run === undefined),
  };
}

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}
