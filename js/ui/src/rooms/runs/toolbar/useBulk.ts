// What can be done to the runs that are selected: one edit for all of them, said at the foot, taken back by one click.
import { useCallback } from "react";
import { AskError } from "../../../api/transport";
import type { Done, EditRequest } from "../../../contract";
import { plural } from "../../../lib/format";
import { usePanel } from "../../../state/panel";
import { useTell } from "../../../state/query";
import { byId, MOST } from "./gather";

export interface Bulk {
  /** Whether it was done. */
  edit(change: Omit<EditRequest, "runs">): Promise<boolean>;
  trash(): Promise<boolean>;
  restore(): Promise<boolean>;
}

export function useBulk(): Bulk {
  const { view, toasts, transport } = usePanel();
  const tell = useTell();

  const failed = useCallback(
    async (error: unknown, runs: string[]) => {
      const { say } = toasts.getState();
      const known = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
      if (known.code !== "not_found") return say({ kind: "error", text: known.message, hint: known.hint });
      // Deleted elsewhere meanwhile. Nothing was done, and what is left stays selected to do it again.
      const { trashed } = view.getState();
      const left = await byId(transport, runs, trashed, [], []).catch(() => []);
      view.getState().set({ selected: new Set(left.map((row) => row.id)) });
      const count = runs.length - left.length;
      const text = `${plural(count, "selected run")} ${count === 1 ? "is" : "are"} gone; nothing was changed.`;
      say({ kind: "error", text, hint: "Do it again for the others." });
    },
    [toasts, view, transport],
  );

  const act = useCallback(
    async (todo: (runs: string[]) => Promise<Done>, undo: (runs: string[]) => Promise<Done>): Promise<boolean> => {
      const runs = [...view.getState().selected];
      const { say } = toasts.getState();
      if (runs.length > MOST) {
        const most = MOST.toLocaleString("en-US");
        const text = `${plural(runs.length, "run")} are selected; at most ${most} can be changed at once.`;
        say({ kind: "error", text, hint: "Narrow the filter and select again." });
        return false;
      }
      try {
        const done = await todo(runs);
        const back = () => {
          undo(runs).then(
            ({ text }) => say({ kind: "done", text }),
            (error: unknown) => void failed(error, runs),
          );
        };
        say({ kind: "done", text: done.text, action: done.undo ? { label: "Undo", run: back } : undefined });
        return true;
      } catch (error) {
        await failed(error, runs);
        return false;
      }
    },
    [view, toasts, failed],
  );

  return {
    edit: (change) =>
      act(
        (runs) => tell("runs.edit", { runs, ...change }),
        () => tell("runs.undo", {}),
      ),
    // These are taken back by name: another edit may have come between.
    trash: () =>
      act(
        (runs) => tell("runs.trash", { runs }),
        (runs) => tell("runs.restore", { runs }),
      ),
    restore: () =>
      act(
        (runs) => tell("runs.restore", { runs }),
        (runs) => tell("runs.trash", { runs }),
      ),
  };
}
