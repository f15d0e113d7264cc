// Makes cells tracked ones, by a line of their text.
import type { Cell, ICellModel } from "@jupyterlab/cells";
import type { Notebook, NotebookPanel } from "@jupyterlab/notebook";
import { asOneStep, prepare } from "./edit";
import { isTracked, trackChange, trackLine } from "./source";

/** The lines that were taken off while this page is open, by cell: their options come back with them. */
const taken = new Map<string, string>();

const sourceOf = (cell: Cell<ICellModel>): string => cell.model.sharedModel.getSource();
const can = (cell: Cell<ICellModel>): boolean =>
  cell.model.type === "code" && !cell.readOnly && cell.model.getMetadata("editable") !== false;

/** The selected code cells that can be changed; the active one is always among the selected. */
export function chosen(notebook: Notebook): Cell<ICellModel>[] {
  return notebook.widgets.filter((cell) => notebook.isSelectedOrActive(cell) && can(cell));
}

/** Whether the active cell is tracked. */
export const isOn = (cell: Cell<ICellModel> | null | undefined): boolean =>
  cell?.model?.type === "code" && isTracked(sourceOf(cell));

/** If one of the cells is not tracked, all of them are afterwards; else none is. One undo takes it back in each. */
export function toggleTracked(panel: NotebookPanel): void {
  const cells = chosen(panel.content);
  const on = cells.some((cell) => !isOn(cell));
  asOneStep(cells, () => {
    for (const cell of cells) {
      const source = sourceOf(cell);
      const line = trackLine(source);
      if (!on && line) taken.set(cell.model.id, line);
      const change = trackChange(source, on, taken.get(cell.model.id));
      if (change) cell.model.sharedModel.updateSource(change.start, change.end, change.text);
    }
  });
  if (on && cells[0]) prepare(panel, sourceOf(cells[0]));
}
