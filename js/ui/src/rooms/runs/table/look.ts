// How the cells of one table look: what all rows share, so that a row is drawn again only when that changes or it does.
import { useMemo, useRef } from "react";
import type { ColumnFact, RunRow } from "../../../contract";
import { betterOf, type Column, cellValue, statFor } from "../../../lib/columns";
import { columnFormat, number, toNumber } from "../../../lib/format";
import { useAsk } from "../../../state/query";
import { type Selection, withStat } from "../../../state/runs";
import { type Stat, useView, type View } from "../../../state/view";
import type { Blocks } from "./blocks";
import type { Spark } from "./useSparks";

export type Write = (value: number) => string;

export interface Look {
  stats: Record<string, Stat>;
  better: ReadonlyMap<string, "min" | "max">;
  /** The best value of a metric's column over all runs that match. */
  best: ReadonlyMap<string, number>;
  write: ReadonlyMap<string, Write>;
  baseline: RunRow | undefined;
  deltas: View["deltas"];
  spark: Spark;
}

/** near: the columns in sight and some beside them. */
export function useLook(
  near: readonly Column[],
  selection: Selection,
  root: Blocks,
  baseline: RunRow | undefined,
  spark: Spark,
): Look {
  const stats = useView((view) => view.stats);
  const chosen = useView((view) => view.better);
  const deltas = useView((view) => view.deltas);
  const better = useMemo(() => {
    const found = new Map<string, "min" | "max">();
    for (const column of near) {
      const way = column.kind === "metrics" ? betterOf(column, chosen) : null;
      if (way) found.set(column.id, way);
    }
    return found;
  }, [near, chosen]);
  const best = useBest(better, selection, root, stats);
  const write = useWriters(near, root, stats);
  return useMemo(
    () => ({ stats, better, best, write, baseline, deltas, spark }),
    [stats, better, best, write, baseline, deltas, spark],
  );
}

/** Asked after the rows are there: what is seen first comes first. */
function useBest(
  better: ReadonlyMap<string, "min" | "max">,
  selection: Selection,
  root: Blocks,
  stats: View["stats"],
): ReadonlyMap<string, number> {
  const ids = [...better.keys()];
  const columns = ids.map((id) => withStat(id, stats));
  const off = !columns.length || root.stale || (root.matched ?? 0) < 2;
  const facts = useAsk("tables.facts", { ...selection, columns }, { off, every: 1000, late: true });
  const found = facts.stale ? undefined : facts.data?.columns;
  return useMemo(() => {
    const byName = new Map<string, ColumnFact>((found ?? []).map((fact) => [fact.column, fact]));
    const best = new Map<string, number>();
    for (const [id, way] of better) {
      const fact = byName.get(withStat(id, stats));
      if (!fact || fact.low === fact.high) continue;
      const value = toNumber(way === "min" ? fact.low : fact.high);
      if (!Number.isNaN(value)) best.set(id, value);
    }
    return best;
  }, [found, better, stats]);
}

interface Writer {
  write: Write;
  /** How it writes a value: two that write it alike are one. */
  sample: string;
}

/** How each metric's numbers are written: found from the rows in memory, kept so that no column changes on scrolling. */
function useWriters(near: readonly Column[], root: Blocks, stats: View["stats"]): ReadonlyMap<string, Write> {
  const known = useRef({ of: "", writers: new Map<string, Writer>(), shown: new Map<string, Write>() });
  const question = root.question;
  if (known.current.of !== question) known.current = { of: question, writers: new Map(), shown: known.current.shown };
  const { writers } = known.current;
  const next = new Map<string, Write>();
  let rows: RunRow[] | null = null;
  for (const { id, kind, label } of near) {
    if (kind !== "metrics") continue;
    const key = `${id} ${statFor(stats, label)}`;
    let own = writers.get(key);
    if (!own || (root.matched ?? 0) <= FEW) {
      rows ??= [...root.rows()];
      const values = rows.map((row) => cellValue(row, id, stats)).filter((value) => typeof value === "number");
      const write = exact(columnFormat(values));
      const sample = write(SAMPLE);
      if (own?.sample !== sample) own = { write, sample };
      if (values.length) writers.set(key, own);
    }
    next.set(id, own.write);
  }
  const { shown } = known.current;
  const same = shown.size === next.size && [...next].every(([id, write]) => shown.get(id) === write);
  if (!same) known.current.shown = next;
  return known.current.shown;
}

const FEW = 100; // runs, up to which all of them are looked at each time
const SAMPLE = 1 / 7;

/** A number that would be written as nothing but zeros is written by itself. */
function exact(write: Write): Write {
  return (value) => {
    const text = write(value);
    return value && !/[1-9a-z]/.test(text) ? number(value) : text;
  };
}

/** A metric's value in a row, as it is shown; undefined where the run does not have it. */
export function metricValue(row: RunRow, id: string, stats: View["stats"]): number | undefined {
  const found = cellValue(row, id, stats);
  return typeof found === "number" ? found : undefined;
}

/** Whether a value is the best one. What is known of all runs may be a second old: a run that goes on may be better. */
export function isBest(look: Pick<Look, "best" | "better">, id: string, value: number): boolean {
  const best = look.best.get(id);
  if (best === undefined) return false;
  return look.better.get(id) === "min" ? value <= best : value >= best;
}
