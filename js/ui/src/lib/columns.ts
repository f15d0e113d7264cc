// The columns of the runs table: which there are, what they are called, and what a run shows in them.
import type { Json, Key, RunRow, Summary } from "../contract";
import type { Better, Stat } from "../state/view";
import { toNumber } from "./format";

export type ColumnKind = "meta" | "metrics" | "params" | "tags";

export interface Column {
  /** "name", "started" …, "metrics.acc", "params.lr", "tags.stage": the same words as in the search language. */
  id: string;
  kind: ColumnKind;
  /** The part after the kind, whole. */
  label: string;
  /** Numbers stand at the right. */
  numeric: boolean;
  /** How many runs of the project have it; 0 for what every run has. */
  runs: number;
  /** Guessed from a metric's name, or as the user's settings say. */
  better: "min" | "max" | null;
}

const META: readonly (readonly [id: string, label: string, numeric: boolean])[] = [
  ["name", "run", false],
  ["status", "status", false],
  ["started", "started", false],
  ["duration", "took", true],
  ["experiment", "experiment", false],
  ["notebook", "notebook", false],
  ["tags", "tags", false],
  ["note", "note", false],
];

/** Shown without being asked for: these, and the first of the metrics and params. */
const FIRST_META = new Set(["name", "status", "started", "duration"]);
const FIRST_METRICS = 8;
const FIRST_PARAMS = 12;

/** All columns of a project, in the order in which a table shows them first: what it is, metrics, params, tags. */
export function allColumns(keys: readonly Key[]): Column[] {
  const meta = META.map(
    ([id, label, numeric]): Column => ({ id, kind: "meta", label, numeric, runs: 0, better: null }),
  );
  const kinds = { metric: "metrics", param: "params", tag: "tags" } as const;
  const order = { metric: 0, param: 1, tag: 2 } as const;
  const named = [...keys]
    .sort(
      (a, b) => order[a.kind] - order[b.kind] || depth(a) - depth(b) || b.runs - a.runs || a.name.localeCompare(b.name),
    )
    .map(
      (key): Column => ({
        id: `${kinds[key.kind]}.${key.name}`,
        kind: kinds[key.kind],
        label: key.name,
        numeric:
          key.kind === "metric" ||
          (key.kind === "param" && key.types.every((type) => type === "int" || type === "float" || type === "number")),
        runs: key.runs,
        better: key.better,
      }),
    );
  return [...meta, ...named];
}

/** What people named themselves comes before what frameworks tell of their parts, and that before what the machine did. */
function depth({ kind, name }: Key): number {
  if (kind === "metric" && isLoad(name)) return 2;
  return kind === "param" && name.includes(".") ? 1 : 0;
}

/** Whether a metric tells what the machine did rather than what came out; shown only on request. */
export const isLoad = (metric: string) => metric.startsWith("system/");

/** The tags that people set: MLflow sets its own on every run, which only the run itself shows. */
export function peoples(tags: Record<string, string>): [string, string][] {
  return Object.entries(tags).filter(([name]) => !name.startsWith("mlflow."));
}

/** The columns that are seen when nothing was said by hand: those that the user wants in all projects, if there are any. */
export function firstColumns(columns: readonly Column[], wanted: readonly string[] = []): Set<string> {
  const named = columns.filter(({ id }) => wanted.includes(id)).map(({ id }) => id);
  if (named.length) return new Set(["name", ...named]);
  const left = { metrics: FIRST_METRICS, params: FIRST_PARAMS, tags: 0 };
  const found = new Set<string>();
  for (const { id, kind, label } of columns) {
    if (kind === "metrics" && isLoad(label)) continue;
    if (kind === "meta" ? FIRST_META.has(id) : left[kind]-- > 0) found.add(id);
  }
  return found;
}

/** How a column is written in the search language. */
export function filterName(id: string): string {
  const [kind = "", ...rest] = id.split(".");
  const name = rest.join(".");
  if (!name) return id;
  return /^[\w./:#]+$/.test(name) ? id : `${kind}."${name.replaceAll('"', '""')}"`;
}

export function metricOf(id: string): string | null {
  return id.startsWith("metrics.") ? id.slice("metrics.".length) : null;
}

/** Which summary of a metric is shown. A metric may be called "toString", which every object has. */
export function statFor(stats: Readonly<Record<string, Stat>>, metric: string): Stat {
  return (Object.hasOwn(stats, metric) ? stats[metric] : undefined) ?? "last";
}

export function statOf(summary: Summary, stat: Stat): number {
  return toNumber(summary[stat]);
}

/** What a run has in a column, as plain data; undefined if it has nothing. */
export function cellValue(row: RunRow, id: string, stats: Record<string, Stat> = {}): Json | undefined {
  const dot = id.indexOf(".");
  if (dot < 0) return (row as unknown as Record<string, Json>)[id];
  const name = id.slice(dot + 1);
  switch (id.slice(0, dot)) {
    case "metrics": {
      const summary = Object.hasOwn(row.metrics, name) ? row.metrics[name] : undefined;
      return summary ? statOf(summary, statFor(stats, name)) : undefined;
    }
    case "params":
      return Object.hasOwn(row.params, name) ? row.params[name] : undefined;
    case "tags":
      return Object.hasOwn(row.tags, name) ? row.tags[name] : undefined;
    default:
      return undefined;
  }
}

/** Which direction is better for a metric: as chosen by hand, else as its name says. */
export function betterOf(column: Column, chosen: Record<string, Better>): "min" | "max" | null {
  const own = Object.hasOwn(chosen, column.label) ? chosen[column.label] : undefined;
  if (own) return own === "none" ? null : own;
  return column.better;
}
