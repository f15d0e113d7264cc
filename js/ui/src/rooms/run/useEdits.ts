// What can be done to the run that is shown. A mistake is said at the foot of the panel, with what to do.
import { useMemo } from "react";
import { AskError } from "../../api/transport";
import type { EditRequest } from "../../contract";
import { usePanel } from "../../state/panel";
import { useTell } from "../../state/query";

export interface Edits {
  edit(change: Omit<EditRequest, "runs">): Promise<void>;
  /** Into the trash; the toast takes it back. Resolves to whether it was done. */
  trash(): Promise<boolean>;
  restore(): Promise<void>;
}

export function useEdits(id: string): Edits {
  const tell = useTell();
  const { toasts } = usePanel();
  return useMemo(() => {
    const { say } = toasts.getState();
    const failed = (error: unknown) => {
      const hint = error instanceof AskError ? error.hint : "";
      say({ kind: "error", text: error instanceof Error ? error.message : String(error), hint });
      return false;
    };
    const runs = [id];
    const restore = () => tell("runs.restore", { runs }).then(({ text }) => say({ kind: "done", text }), failed);
    return {
      edit: (change) => tell("runs.edit", { runs, ...change }).then(() => undefined, failed) as Promise<void>,
      trash: () =>
        tell("runs.trash", { runs }).then(({ text }) => {
          // Undo by name: another edit may have come after it.
          say({ kind: "done", text, action: { label: "Undo", run: restore } });
          return true;
        }, failed),
      restore: restore as () => Promise<void>,
    };
  }, [id, tell, toasts]);
}
