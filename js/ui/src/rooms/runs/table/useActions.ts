// What can be done with runs from the table: each says what was done and how to take it back.
import { useMemo } from "react";
import { AskError } from "../../../api/transport";
import type { Done, EditRequest } from "../../../contract";
import { usePanel } from "../../../state/panel";
import { useTell } from "../../../state/query";

export interface Actions {
  open(id: string): void;
  compare(ids: readonly string[]): void;
  hide(ids: readonly string[]): void;
  solo(id: string): void;
  pin(id: string): void;
  baseline(id: string): void;
  /** Answers whether it was done. */
  edit(request: EditRequest, quiet?: boolean): Promise<boolean>;
  trash(ids: readonly string[]): Promise<boolean>;
  undo(): void;
  note(text: string, hint?: string): void;
}

export function useActions(): Actions {
  const { view, toasts } = usePanel();
  const tell = useTell();
  return useMemo(() => {
    const set = (change: Parameters<ReturnType<typeof view.getState>["set"]>[0]) => view.getState().set(change);
    const failed = (error: unknown) => {
      const known = error instanceof AskError ? error : null;
      toasts.getState().say({ kind: "error", text: known?.message ?? String(error), hint: known?.hint });
      return false;
    };
    const undo = () => {
      tell("runs.undo", {}).then(({ text }) => toasts.getState().say({ kind: "done", text }), failed);
    };
    const did = (done: Done) => {
      const action = done.undo ? { label: "Undo", run: undo } : undefined;
      toasts.getState().say({ kind: "done", text: done.text, action });
      return true;
    };
    const toggled = (ids: readonly string[], id: string) =>
      ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id];
    return {
      open: (id) => set({ open: { kind: "run", id } }),
      compare: (ids) => set({ open: { kind: "compare", ids: [...ids] } }),
      hide: (ids) => {
        const { hidden } = view.getState();
        const closed = new Set(hidden);
        // Several at once: all are hidden unless all are already.
        const show = ids.every((id) => closed.has(id));
        for (const id of ids) show ? closed.delete(id) : closed.add(id);
        set({ hidden: [...closed], solo: null });
      },
      solo: (id) => set({ solo: view.getState().solo === id ? null : id }),
      pin: (id) => set({ pinnedRuns: toggled(view.getState().pinnedRuns, id) }),
      baseline: (id) => set({ baseline: view.getState().baseline === id ? null : id }),
      edit: (request, quiet = false) => tell("runs.edit", request).then(quiet ? () => true : did, failed),
      trash: (ids) => tell("runs.trash", { runs: [...ids] }).then(did, failed),
      undo,
      note: (text, hint) => toasts.getState().say({ kind: "note", text, hint }),
    };
  }, [view, toasts, tell]);
}
