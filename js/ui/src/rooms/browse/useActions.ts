// What can be done with runs from the list. What changes something is said at the foot, with a way to take it back.
import { useMemo } from "react";
import { AskError } from "../../api/transport";
import type { BriefRow, Done, EditRequest } from "../../contract";
import { oneLine } from "../../lib/format";
import type { Toast } from "../../state/toasts";
import type { Host, Spot } from "./host";
import type { Memory } from "./memory";

const SAID = 120; // characters of a message

export interface Actions {
  open(row: Pick<BriefRow, "id" | "name">): void;
  compare(runs: readonly string[]): void;
  edit(runs: readonly string[], change: Omit<EditRequest, "runs">, quiet?: boolean): Promise<boolean>;
  trash(runs: readonly string[]): Promise<boolean>;
  copy(text: string): Promise<void>;
  fail(error: unknown): void;
}

export function useActions(memory: Memory, spot: Pick<Spot, "project">, host: Host): Actions {
  const { project } = spot;
  return useMemo(() => {
    const { list, browse, panel } = memory;
    // Names stand in what is said, and may be long.
    const say = (toast: Omit<Toast, "id">) =>
      panel.toasts.getState().say({ ...toast, text: oneLine(toast.text, SAID) });
    const fail = (error: unknown) => {
      const known = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
      say({ kind: "error", text: known.message, hint: known.hint });
    };
    const heard = (done: Done) => {
      panel.query.heard(done.revision);
      list.news(true);
      return done;
    };
    const act = async (
      todo: () => Promise<Done>,
      undo: () => Promise<Done>,
      said: (done: Done) => string | null,
    ): Promise<boolean> => {
      try {
        const done = heard(await todo());
        const text = said(done);
        if (text === null) return true;
        const back = () => {
          undo().then((undone) => say({ kind: "done", text: heard(undone).text }), fail);
        };
        say({ kind: "done", text, action: done.undo ? { label: "Undo", run: back } : undefined });
        return true;
      } catch (error) {
        fail(error);
        list.news(true); // what was shown ahead of the answer is put right
        return false;
      }
    };
    const { transport } = panel;
    return {
      fail,
      open: ({ id, name }) => void host.run("openRun", { project, run: id, name }).catch(fail),
      compare: (runs) => void host.run("compare", { project, runs: [...runs] }).catch(fail),
      edit: (runs, change, quiet = false) =>
        act(
          () => transport.ask("runs.edit", { runs: [...runs], ...change }),
          () => transport.ask("runs.undo", {}),
          (done) => (quiet ? null : done.text),
        ),
      trash: async (runs) => {
        const ids = [...runs];
        const done = await act(
          () => transport.ask("runs.trash", { runs: ids }),
          () => transport.ask("runs.restore", { runs: ids }), // by name: another edit may have come between
          (told) => told.text,
        );
        if (!done) return false;
        const { selected, active, set } = browse.getState();
        const left = new Set([...selected].filter((id) => !ids.includes(id)));
        set({ selected: left, active: active !== null && ids.includes(active) ? null : active });
        return true;
      },
      copy: async (text) => {
        try {
          await navigator.clipboard.writeText(text);
          say({ kind: "note", text: "Copied." });
        } catch {
          say({ kind: "error", text: "The browser does not allow copying.", hint: `The id is ${text}.` });
        }
      },
    };
  }, [memory, project, host]);
}
