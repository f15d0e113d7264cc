// A view kept as a file: the text of it, and what is wrong with one that somebody wrote by hand.
import { inOrder, seenColumns } from "@nbtrack/ui/src/lib/arrange";
import type { Column } from "@nbtrack/ui/src/lib/columns";
import type { PanelSpec } from "@nbtrack/ui/src/state/panel";
import type { Arranged } from "@nbtrack/ui/src/state/view";
import { specOf } from "./spec";

export const ENDING = ".nbtrack";

export class Broken extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/** What a file shows. */
export function specIn(text: string): PanelSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const said = (error as Error).message;
    const at = /position (\d+)/.exec(said);
    const named = /line (\d+)/.exec(said);
    const end = text.trimEnd().length;
    const line = named && !at ? Number(named[1]) : lineAt(text, at ? Number(at[1]) : end);
    throw new Broken("It is not JSON.", line);
  }
  const { spec, problem } = specOf(value);
  if (problem) {
    const at = problem.key === null ? 0 : text.indexOf(JSON.stringify(problem.key));
    throw new Broken(problem.message, lineAt(text, Math.max(0, at)));
  }
  return spec;
}

const lineAt = (text: string, at: number) => text.slice(0, at).split("\n").length;

/** The view as it is arranged now. Columns are named one by one, so that it looks the same when others come. */
export function fileOf(view: Arranged, spec: PanelSpec, columns: readonly Column[]): string {
  const seen = seenColumns(columns, { ...view, first: spec.first }, null);
  const names = new Set(seen.map(({ id }) => id));
  const filters = [view.filter, ...view.also.map(({ where }) => where)].filter((one) => one.trim());
  const kept: PanelSpec = {
    v: 1,
    filter: filters.length > 1 ? filters.map((one) => `(${one})`).join(" and ") : (filters[0] ?? ""),
    sort: view.sort.map(({ id, desc }) => (desc ? "-" : "") + id),
    columns: inOrder(seen, view.order).map(({ id }) => id),
    hidden: columns.filter(({ id }) => !names.has(id)).map(({ id }) => id),
    charts: view.metrics,
    also: spec.also ?? [],
    experiment: spec.experiment ?? view.experiment,
    notebook: spec.notebook ?? view.notebook,
    open: null,
  };
  return `${JSON.stringify(kept, null, 2)}\n`;
}
