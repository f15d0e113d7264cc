// For the tests: one run with something in every part of it, and a panel that shows it.
import { act, render } from "@testing-library/preact";
import type { ReactNode } from "react";
import { vi } from "vitest";
import { type Answers, FakeTransport } from "../../api/fake";
import type { Done, Explanation, Output, RunDetail, RunRow, Summary } from "../../contract";
import { Panel } from "../../state/panel";
import { createQueryState } from "../../state/query";
import { createToasts } from "../../state/toasts";
import { createView } from "../../state/view";

export const ID = "aa00aa00aa00";
export const BEFORE = "bb11bb11bb11";
export const NOW = 1_700_000_000;

export function row(change: Partial<RunRow> = {}): RunRow {
  return {
    id: ID,
    name: "moons",
    status: "finished",
    experiment: "digits",
    started: NOW,
    ended: NOW + 2,
    duration: 2,
    kind: "cell",
    notebook: "work.ipynb",
    cell: "c1",
    execution: 6,
    parent: null,
    note: "a note",
    starred: false,
    trashed: null,
    end_reason: null,
    revision: 1,
    params: {},
    metrics: { acc: summary(0.9), loss: summary(0.1) },
    tags: { stage: "draft" },
    ...change,
  };
}

export function summary(last: number): Summary {
  return { last, min: last / 2, max: last * 2, mean: last, count: 3, last_step: 2, source: "explicit" };
}

export function detail(change: Partial<RunDetail> = {}): RunDetail {
  return {
    row: row(),
    params: [
      { name: "epochs", value: 40, source: "notebook", at: NOW, earlier: [] },
      { name: "lr", value: 0.1, source: "explicit", at: NOW, earlier: [0.3] },
    ],
    artifacts: [],
    datasets: [],
    children: [],
    code: "lr = 0.1\nfit(lr)\n",
    environment: { python: "3.11.7", packages: { numpy: "2.0" } },
    git: null,
    session: { host: "vm", kind: "kernel", pid: 7 },
    about: {},
    ...change,
  };
}

export function artifact(path: string, mime: string | null = null, size = 10) {
  return { path, hash: `hash of ${path}`, size, mime, kind: "file", created: NOW };
}

export function output(change: Partial<Output>): Output {
  return { kind: "stdout", mime: "text/plain", text: null, plain: null, artifact: null, dropped: 0, ...change };
}

export function explanation(change: Partial<Explanation> = {}): Explanation {
  return {
    right: row(),
    left: row({ id: BEFORE, name: "moons before" }),
    chosen: "the run of this cell before it",
    reasons: [
      {
        rank: 1,
        what: "param",
        name: "lr",
        text: "lr went from 0.3 to 0.1.",
        why: "The code reads it.",
        left: 0.3,
        right: 0.1,
        lines: [],
      },
      { rank: 2, what: "code", name: "cell", text: "1 line changed.", why: "", left: null, right: null, lines: [] },
    ],
    outcome: [{ what: "metric", name: "acc", left: 0.8, right: 0.9 }],
    ...change,
  };
}

const done = (text: string): Done => ({ text, count: 1, revision: 2, undo: true });

export function answers(change: Answers = {}): Answers {
  return {
    "runs.get": () => detail(),
    "runs.page": () => ({
      rows: [row({ id: "first", name: "first" }), row(), row({ id: BEFORE, name: "moons before" })],
      matched: 3,
      total: 3,
      offset: 0,
      revision: 1,
    }),
    "runs.keys": () => ({
      keys: [
        { kind: "metric", name: "acc", runs: 1, types: [], better: "max" },
        { kind: "metric", name: "loss", runs: 1, types: [], better: "min" },
      ],
    }),
    "runs.series": ({ keys }) => ({
      series: keys.map((key) => ({ run: ID, key, steps: [0, 1], times: [1, 2], values: [0, 1], total: 2, xs: null })),
      revision: 1,
      missing: [],
    }),
    "runs.outputs": () => ({ outputs: [output({ text: "epoch 1\n" })] }),
    "runs.executions": () => ({ executions: [] }),
    "runs.code": () => ({ run: BEFORE, text: "lr = 0.3\nfit(lr)\n" }),
    "runs.diff": ({ left, right }) => ({
      left: row({ id: left, name: "moons before" }),
      right: row({ id: right }),
      code: [
        { kind: "left", text: "lr = 0.3", left: 1, right: null },
        { kind: "right", text: "lr = 0.1", left: null, right: 1 },
        { kind: "same", text: "fit(lr)", left: 2, right: 2 },
      ],
      changes: [{ what: "package", name: "numpy", left: "1.0", right: "2.0" }],
    }),
    "lineage.explain": () => explanation(),
    "runs.edit": () => done("Renamed moons."),
    "runs.trash": () => done("Moved moons to the trash."),
    "runs.restore": () => done("Restored moons."),
    ...change,
  };
}

export function panel(given: Answers = {}) {
  const transport = new FakeTransport(answers(given));
  const context = {
    transport,
    query: createQueryState(transport),
    view: createView({ open: { kind: "run", id: ID } }),
    toasts: createToasts(),
    spec: { v: 1 },
  };
  const show = (child: ReactNode) => render(<Panel.Provider value={context}>{child}</Panel.Provider>);
  return { ...context, show };
}

/** Let what was asked be answered, and what it sets off be asked. */
export async function settle(ms = 0): Promise<void> {
  for (const part of [ms, 0, 0]) {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(part);
    });
  }
}
