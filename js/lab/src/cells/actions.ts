// What the commands about a run's code do. Loaded when the first of them is used.
import { Dialog, Notification, showDialog } from "@jupyterlab/apputils";
import type { RunDetail } from "@nbtrack/ui/src/contract";
import { oneLine } from "@nbtrack/ui/src/lib/format";
import { confirmParams, showDiff } from "./dialogs";
import { insertBelow, lockedNotebook, lockedWhy, putText, run } from "./edit";
import type { At, Base, Of } from "./here";
import { active, locate, reveal } from "./locate";
import { codeFor } from "./source";
import { secrets } from "./wanted";

export { lockedWhy };

/** Puts the code of a run into its cell. */
export const restoreCode = (base: Base, of: Of, at?: At) =>
  told(async () => {
    const detail = await withCode(base, of);
    const place = at ?? (await locate(base, of.project, detail.row));
    if (!place) return offerBelow(base, detail);
    const locked = lockedWhy(place);
    if (locked) return refuse(locked);
    const before = place.cell.model.sharedModel.getSource();
    const text = codeFor(detail.code, before);
    await reveal(base, place);
    if (text === before) return say(`The cell has the code of ${named(detail)} already.`);
    putText(place.cell, text);
    say(`The code of ${named(detail)} is in its cell.${secrets(detail.code)}`, () => {
      // Only what was put there: not what was typed since.
      if (!place.cell.isDisposed && place.cell.model.sharedModel.getSource() === text) putText(place.cell, before);
    });
  });

/** Inserts the code of a run below its cell, or below the active one. */
export const insertCode = (base: Base, of: Of, at?: At) =>
  told(async () => {
    const detail = await withCode(base, of);
    const place = at ?? active(base);
    if (!place) return refuse("Open a notebook first: the code goes below its active cell.");
    const locked = lockedNotebook(place.panel);
    if (locked) return refuse(locked);
    await reveal(base, insertBelow(place, detail.code));
    if (secrets(detail.code)) say(`The code of ${named(detail)} is below.${secrets(detail.code)}`);
  });

/** Shows the code of a run against that of its cell. */
export const diffWithCell = (base: Base, of: Of) =>
  told(async () => {
    const detail = await withCode(base, of);
    const place = (await locate(base, of.project, detail.row)) ?? active(base);
    if (!place) return refuse("The cell of this run is in no notebook any more.");
    const own = place.cell.model.id === detail.row.cell;
    if (await showDiff(base, of, detail.row.name, place, own)) await restoreCode(base, of, place);
  });

/** Puts the params of a run into the code of its cell, and runs it; nothing before it was shown and agreed to. */
export const runWithParams = (base: Base, of: Of, at?: At) =>
  told(async () => {
    const { nbtrack } = base;
    const detail = await nbtrack.transport(of.project).ask("runs.get", { run: of.run });
    const found = at ?? (await locate(base, of.project, detail.row));
    const place = found ?? active(base);
    if (!place) return refuse("The cell of this run is in no notebook any more, and no notebook is open.");
    if (!found && detail.code === null) return refuse(`${named(detail)} has no code and no cell any more.`);
    const text = found ? place.cell.model.sharedModel.getSource() : (detail.code ?? "");
    const rewritten = await nbtrack.transport(of.project).ask("lineage.rewrite", { run: of.run, text });
    const locked = found ? lockedWhy(place) : "gone";
    const answer = await confirmParams(base, { of, name: detail.row.name, text, rewritten, own: !locked });
    if (!answer || place.panel.isDisposed || place.cell.isDisposed) return;
    const noInsert = lockedNotebook(place.panel);
    if (noInsert) return refuse(noInsert);
    let target = place;
    if (answer === "insert") target = insertBelow(place, rewritten.text);
    else putText(place.cell, rewritten.text);
    await reveal(base, target);
    await run(target);
  });

async function withCode({ nbtrack }: Base, { project, run: id }: Of): Promise<RunDetail & { code: string }> {
  const detail = await nbtrack.transport(project).ask("runs.get", { run: id });
  if (detail.code === null) throw new Error(`No code was recorded of ${named(detail)}.`);
  return { ...detail, code: detail.code };
}

async function offerBelow(base: Base, detail: RunDetail & { code: string }): Promise<void> {
  const place = active(base);
  if (!place) return refuse("The cell of this run is in no notebook any more, and no notebook is open.");
  const answer = await showDialog({
    title: "The cell is gone",
    body: `The cell of ${named(detail)} is in no notebook any more. Insert its code below the active cell?`,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: "Insert below" })],
  });
  if (!answer.button.accept) return;
  const locked = lockedNotebook(place.panel);
  if (locked) return refuse(locked);
  await reveal(base, insertBelow(place, detail.code));
}

const named = ({ row }: RunDetail) => oneLine(row.name, 60);

function refuse(message: string): void {
  Notification.error(message, { autoClose: 6000 });
}

function say(message: string, undo?: () => void): void {
  Notification.info(message, { autoClose: 5000, actions: undo ? [{ label: "Undo", callback: undo }] : [] });
}

/** Whatever goes wrong is said, with what to do about it. */
async function told(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { message, hint } = error as Error & { hint?: string };
    refuse(hint ? `${message} ${hint}` : message);
  }
}
