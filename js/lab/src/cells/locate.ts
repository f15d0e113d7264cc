// The cell that a run belongs to: in a notebook that is open, or that is opened for it.
import { PathExt } from "@jupyterlab/coreutils";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { At, Base } from "./here";

interface Origin {
  notebook: string | null;
  cell: string | null;
}

/** Where a run's notebook is for the file browser. */
export const pathOf = (project: string, notebook: string): string => PathExt.join(project, notebook);

export async function notebookOf(base: Base, project: string, { notebook }: Origin): Promise<NotebookPanel | null> {
  if (!notebook) return null;
  const path = pathOf(project, notebook);
  const open = base.notebooks.find(({ context }) => context.localPath === path);
  if (open) return open;
  const { contents } = base.app.serviceManager;
  const there = await contents.get(path, { content: false }).catch(() => null);
  if (!there) return null;
  const opened = (await base.app.commands.execute("docmanager:open", { path })) as NotebookPanel | undefined;
  if (!opened?.context) return null; // Notebook 7 has it in another tab of the browser
  await opened.context.ready;
  await opened.revealed;
  return opened;
}

/** The cell, where it still is; the notebook is opened if it must be. */
export async function locate(base: Base, project: string, origin: Origin): Promise<At | null> {
  const panel = await notebookOf(base, project, origin);
  const cell = panel?.content.widgets.find(({ model }) => model.id === origin.cell);
  return panel && cell ? { panel, cell } : null;
}

/** Brings the cell to the front, and into sight. */
export async function reveal({ app }: Base, { panel, cell }: At): Promise<void> {
  app.shell.activateById(panel.id);
  const { content } = panel;
  const at = content.widgets.indexOf(cell);
  if (at < 0) return;
  content.deselectAll();
  content.activeCellIndex = at;
  content.mode = "command";
  await content.scrollToCell(cell).catch(() => undefined); // where it cannot, the notebook itself shows its active cell
}

/** The active cell of the notebook in front. */
export function active({ notebooks }: Base): At | null {
  const panel = notebooks.currentWidget;
  const cell = panel?.content.activeCell;
  return panel && cell ? { panel, cell } : null;
}
