// Changes of a notebook's cells, each of which one undo takes back.
import type { Cell, ICellModel } from "@jupyterlab/cells";
import { NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import { ensureMagics } from "../kernels";
import type { At } from "./here";
import { isPython } from "./kernel";
import { needsMagics } from "./source";

/** Why the cell's text cannot be changed; null where it can. */
export function lockedWhy({ panel, cell }: At): string | null {
  if (cell.readOnly || cell.model.getMetadata("editable") === false) return "This cell is read-only.";
  return lockedNotebook(panel);
}

export function lockedNotebook({ model, context }: NotebookPanel): string | null {
  const locked = model?.readOnly || context.contentsModel?.writable === false;
  return locked ? "This notebook is read-only." : null;
}

/** Puts a text into a cell. */
export function putText(cell: Cell<ICellModel>, text: string): void {
  asOneStep([cell], () => cell.model.sharedModel.setSource(text));
}

/**
 * What was typed just before and what is typed next are steps of their own for the undo of the notebook's editors. A
 * cell remembers its own steps, or the notebook those of all, as the user has it; no transaction may stand around the
 * changes of several, or the cells would not know them for theirs.
 */
export function asOneStep(cells: readonly Cell<ICellModel>[], act: () => void): void {
  type Steps = { undoManager?: { stopCapturing(): void } | null };
  const kept = new Set(cells.map(({ model }) => (model.sharedModel as Steps).undoManager));
  for (const one of kept) one?.stopCapturing();
  act();
  for (const one of kept) one?.stopCapturing();
}

/** A new code cell below another; it is the active one then. */
export function insertBelow({ panel, cell }: At, source: string): At {
  const { content } = panel;
  const index = content.widgets.indexOf(cell) + 1;
  panel.model?.sharedModel.insertCell(index, { cell_type: "code", source, metadata: {} });
  content.deselectAll();
  content.activeCellIndex = index;
  return { panel, cell: content.widgets[index] as Cell<ICellModel> };
}

export async function run({ panel, cell }: At): Promise<void> {
  const { content, sessionContext } = panel;
  content.deselectAll();
  content.activeCellIndex = content.widgets.indexOf(cell);
  prepare(panel, cell.model.sharedModel.getSource());
  await NotebookActions.run(content, sessionContext);
}

/**
 * A tracked cell would fail in a kernel that does not know the magic. The kernel takes requests in their order: what
 * loads it comes before all that is run after this.
 */
export function prepare(panel: NotebookPanel, source: string): void {
  const kernel = panel.sessionContext.session?.kernel;
  if (kernel && needsMagics(source) && isPython(panel)) void ensureMagics(kernel, "python");
}
