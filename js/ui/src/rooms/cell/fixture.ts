// For the tests: runs of a cell.
import type { BriefRow, CellHistory } from "../../contract";

export const NOW = 1_700_000_000;

export function brief(id: string, value: number | "NaN" | null, change: Partial<BriefRow> = {}): BriefRow {
  return {
    id,
    name: `run ${id}`,
    status: "finished",
    experiment: "digits",
    started: NOW,
    ended: NOW + 2,
    duration: 2,
    notebook: "work.ipynb",
    cell: "c1",
    execution: 1,
    parent: null,
    note: "",
    starred: false,
    end_reason: null,
    tags: {},
    metric: value === null ? null : { name: "acc", value, better: "max", spark: [0, value] },
    progress: null,
    ...change,
  };
}

export const history = (runs: BriefRow[], total = runs.length): CellHistory => ({ cell: "c1", runs, total });
