// For the tests: a panel over a few runs that answers as Python would, as far as the toolbar asks.
import { act, render } from "@testing-library/preact";
import type { ReactNode } from "react";
import { vi } from "vitest";
import { type Answers, FakeTransport } from "../../../api/fake";
import { AskError } from "../../../api/transport";
import type { Key, PageRequest, RunPage, RunRow } from "../../../contract";
import { Panel, type PanelSpec } from "../../../state/panel";
import { createQueryState } from "../../../state/query";
import { createToasts } from "../../../state/toasts";
import { createView, type View } from "../../../state/view";

export function row(id: string, change: Partial<RunRow> = {}): RunRow {
  return {
    id,
    name: `run ${id}`,
    status: "finished",
    experiment: "digits",
    started: 1_795_266_403,
    ended: 1_795_266_463,
    duration: 60,
    kind: "cell",
    notebook: "train.ipynb",
    cell: null,
    execution: 1,
    parent: null,
    note: "",
    starred: false,
    trashed: null,
    end_reason: null,
    revision: 1,
    params: {},
    metrics: {},
    tags: {},
    ...change,
  };
}

export const key = (kind: Key["kind"], name: string, better: Key["better"] = null): Key => ({
  kind,
  name,
  runs: 1,
  types: ["float"],
  better,
});

/** A page as Python would answer it, where the filter is a list of ids, "bad…", or words of which all runs have some. */
export function paged(rows: readonly RunRow[]): (request: PageRequest) => RunPage {
  return ({ filter = "", limit = 100, trashed = false }) => {
    if (filter.startsWith("bad")) {
      const message = `Expected a value, found the end.\n  ${filter}\n  ^\n`;
      throw new AskError({ code: "filter", message, hint: "Write a number.", column: 4 });
    }
    const scope = rows.filter((one) => (one.trashed !== null) === trashed);
    const ids = filter.startsWith("id ") ? new Set(filter.match(/(?<=')[^']+(?=')/g)) : null;
    const found = ids ? scope.filter((one) => ids.has(one.id)) : filter ? scope.slice(0, 1) : scope;
    return { rows: found.slice(0, limit), matched: found.length, total: scope.length, offset: 0, revision: 1 };
  };
}

export interface Shown {
  transport: FakeTransport;
  view: () => View;
  set: (change: Partial<View>) => void;
  said: () => string[];
  toasts: ReturnType<typeof createToasts>;
}

export function show(child: ReactNode, answers: Answers, first: Partial<View> = {}, spec: PanelSpec = {}): Shown {
  const transport = new FakeTransport({ "runs.keys": () => ({ keys: [] }), ...answers });
  const query = createQueryState(transport);
  const view = createView(first);
  const toasts = createToasts();
  render(
    <Panel.Provider value={{ transport, query, view, toasts, spec }}>
      <div className="nbt-panel">{child}</div>
    </Panel.Provider>,
  );
  return {
    transport,
    view: () => view.getState(),
    set: (change) => {
      act(() => view.getState().set(change));
    },
    said: () => toasts.getState().toasts.map(({ text, hint }) => [text, hint].filter(Boolean).join(" ")),
    toasts,
  };
}

/** Lets time pass. Twice: what the first time sets off is rendered at its end, and asks its question then. */
export async function pass(ms = 0): Promise<void> {
  for (const part of [ms, 0, 0]) {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(part);
    });
  }
}
