// The dialogs about a run's code: what changed since then, and what its params would change.
import { Dialog } from "@jupyterlab/apputils";
import { ReactWidget } from "@jupyterlab/ui-components";
import type { Rewritten } from "@nbtrack/ui/src/contract";
import { oneLine } from "@nbtrack/ui/src/lib/format";
import { AgainstCell, ParamsChange } from "@nbtrack/ui/src/rooms/cell/Bodies";
import type { ReactElement } from "react";
import { lockedWhy } from "./edit";
import { Ground } from "./ground";
import type { At, Base, Of } from "./here";

function body({ nbtrack }: Base, project: string, child: ReactElement): ReactWidget {
  const widget = ReactWidget.create(
    <Ground nbtrack={nbtrack} project={project}>
      {child}
    </Ground>,
  );
  widget.addClass("nbt-cell-dialog");
  return widget;
}

/** Whether the code is to be restored. own: the cell is that of the run. */
export async function showDiff(base: Base, of: Of, name: string, place: At, own: boolean): Promise<boolean> {
  const text = place.cell.model.sharedModel.getSource();
  const buttons = [Dialog.cancelButton({ label: "Close" })];
  if (own && !lockedWhy(place)) buttons.push(Dialog.okButton({ label: "Restore this code" }));
  const dialog = new Dialog({
    title: `Code of ${oneLine(name, 60)}`,
    body: body(base, of.project, <AgainstCell run={of.run} text={text} own={own} />),
    buttons,
    defaultButton: 0,
  });
  return (await dialog.launch()).button.accept;
}

interface Asked {
  of: Of;
  name: string;
  text: string;
  rewritten: Rewritten;
  /** The cell is there, and its text can be changed. */
  own: boolean;
}

/** What is to be run: the cell itself, a new one below it, or nothing. */
export async function confirmParams(base: Base, { of, name, text, rewritten, own }: Asked) {
  const insert = Dialog.okButton({ label: "Insert below and run", className: own ? "jp-mod-reject" : "" });
  const run = Dialog.okButton({ label: "Run" });
  const buttons = [Dialog.cancelButton(), insert, ...(own ? [run] : [])];
  const dialog = new Dialog({
    title: `Run with the params of ${oneLine(name, 60)}`,
    body: body(base, of.project, <ParamsChange text={text} rewritten={rewritten} own={own} />),
    buttons,
    defaultButton: buttons.length - 1,
  });
  const { label, accept } = (await dialog.launch()).button;
  if (!accept) return null;
  return label === insert.label ? "insert" : "run";
}
