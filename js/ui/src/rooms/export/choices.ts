// Which runs a view offers to export.

import { usePanel } from "../../state/panel";
import { useAsk } from "../../state/query";
import { useSelection, useSort } from "../../state/runs";
import { useView } from "../../state/view";
import type { Choice } from "./ExportMenu";

/** Of the table: what is selected, what the filter finds, everything of the notebook or of the project. */
export function useTableChoices(): Choice[] {
  const { spec } = usePanel();
  const selection = useSelection();
  const sort = useSort();
  const selected = useView((one) => one.selected);
  const matched = useAsk("runs.page", { ...selection, limit: 0 }, { every: 2000 }).data;
  const found: Choice[] = [];
  const { trashed, notebook, experiment } = selection;
  if (selected.size) {
    found.push({ label: "Selected", count: selected.size, which: { runs: [...selected], trashed } });
  }
  const narrowed = selection.filter !== "" || selection.also.length > (spec.also?.length ?? 0);
  const what = narrowed ? "All that match" : "All of this table";
  found.push({ label: what, count: matched?.matched, which: { ...selection, sort } });
  if (narrowed || notebook || experiment) found.push({ label: "All of this project", which: {} });
  return found;
}
