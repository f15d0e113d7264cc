// A view as the text of a file.
import { inOrder, seenColumns } from "@nbtrack/ui/src/lib/arrange";
import type { Column } from "@nbtrack/ui/src/lib/columns";
import type { PanelSpec } from "@nbtrack/ui/src/state/panel";
import type { Arranged } from "@nbtrack/ui/src/state/view";

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
