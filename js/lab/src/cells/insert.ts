// The button of the notebook: its runs, in a cell or as a tab.
import { commands as ids } from "../ids";
import { insertBelow, lockedNotebook, run } from "./edit";
import type { Base } from "./here";
import { isPython } from "./kernel";

/** The key that is held while a button is pressed: what a toolbar runs is not told of it. */
const shifted = (): boolean => window.event instanceof MouseEvent && window.event.shiftKey;

/** A cell with the panel below the active one. {tab: true}, Shift, or a notebook that cannot run it: the tab. */
export async function insertPanel({ app, notebooks }: Base, { tab }: { tab?: unknown }): Promise<void> {
  const panel = notebooks.currentWidget;
  const cell = panel?.content.activeCell;
  const kernel = panel?.sessionContext.session?.kernel;
  if (!panel || !cell || !kernel || tab === true || shifted() || !isPython(panel) || lockedNotebook(panel)) {
    await app.commands.execute(ids.openRuns, {});
    return;
  }
  await run(insertBelow({ panel, cell }, "%track panel"));
}
