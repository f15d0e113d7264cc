// What a kernel asked to be put into a cell is put there as text, never run; one undo takes it back.
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { JSONValue } from "@lumino/coreutils";
import type { Rewritten } from "@nbtrack/ui/src/contract";
import { oneLine } from "@nbtrack/ui/src/lib/format";
import { insertBelow, lockedNotebook, lockedWhy, putText } from "./edit";
import type { At, Base } from "./here";
import { reveal } from "./locate";
import { codeFor } from "./source";
import { type Asked, inWords, read, secrets } from "./wanted";

export type Said = { done: boolean; text: string };

/** kernel: the id of the one that asks. */
export async function put(base: Base, kernel: string, data: JSONValue | undefined): Promise<Said> {
  const asked = read(data);
  if (!asked) return failed("This JupyterLab has another version of nbtrack than the kernel: reload the page.");
  const panel = panelOf(base, kernel, asked);
  if (!panel) return failed("No notebook of this kernel is open here.");
  try {
    return await into(base, panel, asked);
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    return failed(hint ? `${message} ${hint}` : message);
  }
}

const failed = (text: string): Said => ({ done: false, text });
const done = (text: string): Said => ({ done: true, text });

/** Several notebooks may use one kernel: the one that asks, then the one that has the cell. */
function panelOf({ notebooks }: Base, kernel: string, { at, cell }: Asked): NotebookPanel | undefined {
  const found: NotebookPanel[] = [];
  notebooks.forEach((panel) => {
    if (panel.sessionContext.session?.kernel?.id === kernel) found.push(panel);
  });
  // The one in front, where it is open twice.
  found.sort((a, b) => Number(b === notebooks.currentWidget) - Number(a === notebooks.currentWidget));
  return found.find((one) => cellOf(one, at)) ?? found.find((one) => cellOf(one, cell)) ?? found[0];
}

function cellOf(panel: NotebookPanel, id: string | null): At | null {
  const cell = id === null ? undefined : panel.content.widgets.find(({ model }) => model.id === id);
  return cell ? { panel, cell } : null;
}

async function into(base: Base, panel: NotebookPanel, asked: Asked): Promise<Said> {
  const name = oneLine(asked.name, 60);
  const own = asked.below ? null : cellOf(panel, asked.cell);
  if (!own) return below(base, panel, asked, name);
  const locked = lockedWhy(own);
  if (locked) return failed(locked);
  const before = own.cell.model.sharedModel.getSource();
  const rewritten = asked.params ? await withParams(base, panel, asked.run, before) : null;
  if (own.cell.isDisposed) return failed("The cell was deleted meanwhile.");
  const text = rewritten ? rewritten.text : codeFor(asked.text, before);
  await reveal(base, own);
  if (text !== before) putText(own.cell, text);
  if (rewritten) return done(inWords(rewritten, name));
  if (text === before) return done(`The cell has the code of ${name} already.`);
  return done(`The code of ${name} is in its cell; one undo there takes it back.${secrets(text)}`);
}

async function below(base: Base, panel: NotebookPanel, asked: Asked, name: string): Promise<Said> {
  const place = cellOf(panel, asked.at) ?? (panel.content.activeCell && { panel, cell: panel.content.activeCell });
  if (!place) return failed("The notebook has no cell to put it below.");
  const locked = lockedNotebook(panel);
  if (locked) return failed(locked);
  await reveal(base, insertBelow(place, asked.text));
  const where = asked.below ? "in a new cell below" : "in a new cell below: its own is not in this notebook";
  return done(`The code of ${name} is ${where}.${secrets(asked.text)}`);
}

async function withParams({ nbtrack }: Base, panel: NotebookPanel, run: string, text: string): Promise<Rewritten> {
  const { project } = await nbtrack.find(panel.context.localPath);
  return nbtrack.transport(project).ask("lineage.rewrite", { run, text });
}
