// The columns of the table: which there are, and which are seen.
import { useEffect, useMemo, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import type { Transport } from "../api/transport";
import type { Keys } from "../contract";
import { type Arrangement, seenColumns, steady } from "../lib/arrange";
import { allColumns, type Column } from "../lib/columns";
import { usePanel } from "./panel";
import { type Asked, useAsk } from "./query";
import { useSelection } from "./runs";
import { useView, type View } from "./view";

const EVERY = 2000; // milliseconds: names come seldom
const SHARE = 20; // a question that took a second is asked again after twenty, where there are very many runs

/** The names that were last heard of: to find them takes a while among a hundred thousand runs. */
const heard = new WeakMap<Transport, Keys>();

/** The order in which columns were shown first: a run that has other metrics than most must not move those of all. */
const places = new WeakMap<Transport, Column[]>();

/** The columns of some keys, each where it was before. */
export function inPlace(transport: Transport, keys: Keys["keys"]): Column[] {
  const columns = steady(allColumns(keys), places.get(transport) ?? []);
  if (keys.length) places.set(transport, columns);
  return columns;
}

/** All columns, as they come by themselves. */
export function useAllColumns(): { all: Column[]; asked: Asked<Keys> } {
  const { transport } = usePanel();
  const [took, setTook] = useState(0);
  const now = useAsk("runs.keys", {}, { every: Math.max(EVERY, SHARE * took) });
  const { loading } = now;
  useEffect(() => {
    if (!loading) return;
    const from = performance.now();
    return () => setTook(performance.now() - from);
  }, [loading]);
  if (now.data) heard.set(transport, now.data);
  const data = now.data ?? heard.get(transport);
  const asked = useMemo(() => ({ ...now, data }), [now, data]);
  const keys = data?.keys;
  // The names are asked for again and again, and seldom are others: what is made of them stays the same then.
  const text = JSON.stringify(keys ?? []);
  const all = useMemo(() => inPlace(transport, JSON.parse(text) as Keys["keys"]), [transport, text]);
  return { all, asked };
}

/** What is known of how the columns are arranged. */
export function useArrangement(): Arrangement {
  const { first } = usePanel().spec;
  return useView(
    useShallow(({ order, visible, pinnedColumns, onlyDiffering }: View) => ({
      order,
      visible,
      pinnedColumns,
      onlyDiffering,
      first,
    })),
  );
}

/** The columns that are seen, in their order, those held at the left first. */
export function useSeenColumns(): { seen: Column[]; all: Column[]; asked: Asked<Keys> } {
  const { all, asked } = useAllColumns();
  const arrangement = useArrangement();
  const selection = useSelection();
  const facts = useAsk("tables.facts", { ...selection }, { off: !arrangement.onlyDiffering, every: EVERY });
  const seen = useMemo(() => {
    const found = arrangement.onlyDiffering ? facts.data?.columns : undefined;
    const differing = found ? new Set(found.filter((one) => one.differs).map((one) => one.column)) : null;
    return seenColumns(all, arrangement, differing);
  }, [all, arrangement, facts.data]);
  return { seen, all, asked };
}
