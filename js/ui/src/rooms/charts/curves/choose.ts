// What is chosen where nobody has chosen: which metrics have a chart, what groups are made of.

import type { Json, Key, RunRow } from "../../../contract";
import { allColumns, type Column, cellValue } from "../../../lib/columns";
import { value } from "../../../lib/format";

const FIRST = 6;

/** All metrics, as the table orders them; those that are curves before those that are one point. */
export function metricColumns(keys: readonly Key[], runs: readonly RunRow[]): Column[] {
  const columns = allColumns(keys).filter(({ kind }) => kind === "metrics");
  const curves = new Set<string>();
  const had = new Set<string>();
  for (const { metrics } of runs) {
    for (const [name, { count }] of Object.entries(metrics)) {
      had.add(name);
      if (count > 1) curves.add(name);
    }
  }
  const rank = ({ label }: Column) => (curves.has(label) ? 0 : had.has(label) ? 1 : 2);
  return columns
    .map((column, at) => ({ column, at, rank: rank(column) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ column }) => column);
}

/** The metrics that have a chart when none were chosen: the first that the shown runs have. */
export function firstMetrics(columns: readonly Column[], runs: readonly RunRow[]): string[] {
  const had = new Set(runs.flatMap((run) => Object.keys(run.metrics)));
  return columns
    .filter(({ label }) => had.has(label))
    .slice(0, FIRST)
    .map(({ label }) => label);
}

/** The columns that runs can be grouped by: those that not all of them share, and that do not differ in each of them. */
export function groupColumns(runs: readonly RunRow[]): string[] {
  const names = new Set<string>();
  for (const run of runs) {
    for (const name of Object.keys(run.params)) names.add(`params.${name}`);
    for (const name of Object.keys(run.tags)) names.add(`tags.${name}`);
  }
  const found = [...names].filter((column) => {
    const values = new Set(runs.map((run) => text(run, column)));
    return values.size > 1 && values.size < runs.length;
  });
  return [...found, "experiment", "status", "notebook"];
}

function text(run: RunRow, column: string): string {
  return value(cellValue(run, column), 60);
}

export interface Groups {
  /** Run id → the name of its group. */
  of: ReadonlyMap<string, string>;
  /** In the order of their values. */
  names: readonly string[];
  /** The runs of each. */
  runs: Record<string, string[]>;
}

/** Runs that share a value, under names such as "lr 0.1". */
export function groupsOf(runs: readonly RunRow[], column: string): Groups {
  const label = column.slice(column.indexOf(".") + 1);
  const of = new Map(runs.map((run) => [run.id, `${label} ${text(run, column)}`]));
  const values = new Map(runs.map((run) => [`${label} ${text(run, column)}`, cellValue(run, column)]));
  const names = [...values.keys()].sort((a, b) => inOrder(values.get(a), values.get(b)) || a.localeCompare(b));
  const found: Record<string, string[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (const [run, name] of of) found[name]?.push(run);
  return { of, names, runs: found };
}

/** Numbers by their value, then everything else. */
function inOrder(a: Json | undefined, b: Json | undefined): number {
  const numbers = [a, b].map((one) => (typeof one === "number" ? one : Number.POSITIVE_INFINITY)) as [number, number];
  return numbers[0] === numbers[1] ? 0 : numbers[0] - numbers[1];
}
