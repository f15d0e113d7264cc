// The runs that are compared, each asked for again only when it has changed.
import { useEffect, useRef, useState } from "react";
import { AskError, isAbort } from "../../api/transport";
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

type Known = Map<string, RunDetail | "gone">;

export function useDetails(ids: readonly string[]): Details {
  const { transport } = usePanel();
  const trashed = useView((view) => view.trashed);
  const revision = useRevision(EVERY);
  const known = useRef<Known>(new Map());
  const names = useRef(new Map<string, string>());
  const [, redraw] = useState(0);
  const [error, setError] = useState<AskError | null>(null);
  const [tries, setTries] = useState(0);
  const key = ids.join(" ");

  useEffect(() => {
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const wanted = key.split(" ").filter(Boolean);
    const refresh = async () => {
      const rows = await byId(transport, wanted, trashed, [], []);
      const present = new Map(rows.map((row) => [row.id, row]));
      for (const row of rows) names.current.set(row.id, row.name);
      const ask = wanted.map(async (id): Promise<void> => {
        const row = present.get(id);
        const before = known.current.get(id);
        if (!row) {
          known.current.set(id, "gone");
          // One that lies in the trash still tells its name.
          if (names.current.has(id)) return;
          const lost = await transport.ask("runs.get", { run: id }, options).catch(() => null);
          names.current.set(id, lost?.row.name ?? id);
          return;
        }
        const same = before && before !== "gone" && before.row.revision === row.revision && row.status !== "running";
        if (!same) known.current.set(id, await transport.ask("runs.get", { run: id }, options));
      });
      const failed = (await Promise.allSettled(ask)).find((one) => one.status === "rejected");
      if (failed) throw failed.reason;
    };
    refresh()
      .then(
        () => controller.signal.aborted || setError(null),
        (reason: unknown) => {
          if (controller.signal.aborted || isAbort(reason)) return;
          setError(reason instanceof AskError ? reason : new AskError({ code: "internal", message: String(reason) }));
        },
      )
      .finally(() => controller.signal.aborted || redraw((count) => count + 1));
    return () => controller.abort();
  }, [transport, key, trashed, revision, tries]);

  const runs: RunDetail[] = [];
  const gone: string[] = [];
  let loading = false;
  for (const id of ids) {
    const found = known.current.get(id);
    if (found === "gone") gone.push(names.current.get(id) ?? id);
    else if (found) runs.push(found);
    else loading = true;
  }
  return { runs, gone, error, loading: loading && !error, again: () => setTries((count) => count + 1) };
}
