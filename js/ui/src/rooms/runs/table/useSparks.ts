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

export type PathOf = (run: string, metric: string) => string;

/** The columns with room for a curve, by the metric they show. */
export function sparkColumns(layout: Layout, from: number, to: number, deltas: number): string[] {
  return [...layout.held, ...layout.free.slice(from, to)].flatMap(({ column, width }) => {
    const metric = metricOf(column.id);
    return metric !== null && width >= LEAST + deltas ? metric : [];
  });
}

/** rows: in sight. Answers how to find a curve; another function whenever there are others. */
export function useSparks(
  rows: readonly RunRow[],
  metrics: readonly string[],
  room: (metric: string) => boolean,
): PathOf {
  const { transport } = usePanel();
  const sparks = useRef<Sparks | null>(null);
  sparks.current ??= new Sparks();
  const [version, drawn] = useReducer((count: number) => count + 1, 0);
  const now = useRef({ rows, metrics });
  now.current = { rows, metrics };
  const key = `${metrics.join(" ")}|${rows.map((row) => `${row.id}${row.revision}`).join(" ")}`;
  useEffect(() => {
    if (!key || !now.current.metrics.length) return;
    const controller = new AbortController();
    const timer = setTimeout(() => {
      const known = sparks.current;
      const { rows, metrics } = now.current;
      const wanted = known?.missing(rows, metrics, Date.now());
      if (!known || !wanted?.runs.length) return;
      // Without them the table is as good as whole: no word about an error.
      transport.ask("runs.series", { ...wanted, width: POINTS }, { signal: controller.signal }).then(
        ({ series }) => {
          known.take(wanted, series, rows, Date.now());
          drawn();
        },
        () => {},
      );
    }, STILL);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [transport, key, version]);
  return useMemo((): PathOf => {
    const drawnAt = version;
    return (run, metric) => (drawnAt >= 0 && room(metric) ? (sparks.current?.path(run, metric) ?? "") : "");
  }, [version, room]);
}
