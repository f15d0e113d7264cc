// The runs that the view is about, as the table, the charts and the count ask for them.
import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { RunPage, RunRow } from "../contract";
import { filterName, statFor } from "../lib/columns";
import { type PanelSpec, usePanel } from "./panel";
import { type Asked, useAsk } from "./query";
import { useView, type View } from "./view";

export interface Selection {
  filter: string;
  also: string[];
  experiment: string | null;
  notebook: string | null;
  trashed: boolean;
}

type Scope = Pick<View, "filter" | "also" | "experiment" | "notebook" | "trashed">;

/** What the user asked for, inside of what the caller of the panel said it is about. */
export function selectionOf(scope: Scope, spec: PanelSpec): Selection {
  return {
    filter: scope.filter,
    also: [...(spec.also ?? []), ...scope.also.map((one) => one.where)],
    experiment: spec.experiment ?? scope.experiment,
    notebook: spec.notebook ?? scope.notebook,
    trashed: scope.trashed,
  };
}

/** Which runs the view is about. */
export function useSelection(): Selection {
  const { spec } = usePanel();
  const scope = useView(
    useShallow(
      ({ filter, also, experiment, notebook, trashed }: View): Scope => ({
        filter,
        also,
        experiment,
        notebook,
        trashed,
      }),
    ),
  );
  return useMemo(() => selectionOf(scope, spec), [scope, spec]);
}

/** The sort keys as an operation takes them; a metric is sorted by the summary that is shown of it. */
export function useSort(): string[] {
  const sort = useView((view) => view.sort);
  const stats = useView((view) => view.stats);
  return useMemo(() => sort.map(({ id, desc }) => (desc ? "-" : "") + sortName(id, stats)), [sort, stats]);
}

/** As the search language writes it: a name of several words stands in quotes. */
function sortName(column: string, stats: View["stats"]): string {
  return filterName(column) + withStat(column, stats).slice(column.length);
}

/** "metrics.acc" as the summary that is shown of it: "metrics.acc.max". */
export function withStat(column: string, stats: View["stats"]): string {
  if (!column.startsWith("metrics.")) return column;
  const stat = statFor(stats, column.slice("metrics.".length));
  return stat === "last" ? column : `${column}.${stat}`;
}

/** The first runs of the table, with all their values: what the charts are about. Asked at most twice a second. */
export function useFirstRuns(most?: number): Asked<RunPage> {
  const selection = useSelection();
  const sort = useSort();
  const limit = useView((view) => most ?? view.most);
  return useAsk("runs.page", { ...selection, sort, offset: 0, limit }, { every: 500, late: true });
}

/** Of the first runs those that the charts show: eyes open, or the one that is alone. Pinned runs are the table's. */
export function useShownRuns(): { runs: RunRow[]; asked: Asked<RunPage> } {
  const asked = useFirstRuns();
  const hidden = useView((view) => view.hidden);
  const solo = useView((view) => view.solo);
  const runs = useMemo(() => {
    const closed = new Set(hidden);
    return (asked.data?.rows ?? []).filter((row) => (solo ? row.id === solo : !closed.has(row.id)));
  }, [asked.data, hidden, solo]);
  return { runs, asked };
}
