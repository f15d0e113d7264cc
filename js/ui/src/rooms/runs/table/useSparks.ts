// Asks for the small curves of what is in sight, once it stands still.
import { useEffect, useMemo, useReducer, useRef } from "react";
import type { RunRow } from "../../../contract";
import { metricOf } from "../../../lib/columns";
import { usePanel } from "../../../state/panel";
import type { Layout } from "./layout";
import { Sparks } from "./sparks";

const STILL = 220; // milliseconds
const LEAST = 118; // pixels of a column that has room for a curve
const POINTS = 24;

export interface Spark {
  /** A run's curve of a metric, as an SVG path; "" if there is none, or none yet. */
  path(run: string, metric: string): string;
  /** Pixels from which on a column has room for it. */
  least: number;
}

/**
 * rows: in sight, and columns from … to of those that are not held. deltas: pixels that differences take beside it.
 * Answers another object whenever there are other curves.
 */
export function useSparks(
  rows: readonly RunRow[],
  layout: Layout,
  [from, to]: readonly [number, number],
  deltas: number,
): Spark {
  const least = LEAST + deltas;
  const metrics = [...layout.held, ...layout.free.slice(from, to)].flatMap(({ column, width }) => {
    const metric = metricOf(column.id);
    return metric !== null && width >= least ? metric : [];
  });
  const { transport } = usePanel();
  const sparks = useRef<Sparks | null>(null);
  sparks.current ??= new Sparks();
  const [version, drawn] = useReducer((count: number) => count + 1, 0);
  const now = useRef({ rows, metrics });
  now.current = { rows, metrics };
  // Not given up for a newer one: rows of a run that goes on change more often than many curves are answered.
  const asking = useRef<AbortController | null>(null);
  useEffect(() => () => asking.current?.abort(), []);
  const key = `${metrics.join(" ")}|${rows.map((row) => `${row.id}${row.revision}`).join(" ")}`;
  useEffect(() => {
    if (!key || !now.current.metrics.length) return;
    const timer = setTimeout(() => {
      const known = sparks.current;
      const { rows, metrics } = now.current;
      const wanted = known?.missing(rows, metrics, Date.now());
      if (!known || !wanted?.runs.length || asking.current) return;
      const controller = new AbortController();
      asking.current = controller;
      // Without them the table is as good as whole: no word about an error.
      transport.ask("runs.series", { ...wanted, width: POINTS }, { signal: controller.signal }).then(
        ({ series }) => {
          asking.current = null;
          known.take(wanted, series, rows, Date.now());
          drawn();
        },
        () => {
          asking.current = null;
        },
      );
    }, STILL);
    return () => clearTimeout(timer);
  }, [transport, key, version]);
  return useMemo((): Spark => {
    const known = version >= 0 ? sparks.current : null;
    return { path: (run, metric) => known?.path(run, metric) ?? "", least };
  }, [version, least]);
}
