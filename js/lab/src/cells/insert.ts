// The button of the notebook: its runs, in a cell or as a tab.
import { commands as ids } from "../ids";
import { insertBelow, lockedNotebook, run } from "./edit";
import type { Base } from "./here";
import { isPython } from "./kernel";

/** A cell with the panel below the active one. {tab: true}, or a notebook that cannot run it: the tab. */
export async function insertPanel({ app, notebooks }: Base, { tab }: { tab?: unknown }): Promise<void> {
  const panel = notebooks.currentWidget;
  const cell = panel?.content.activeCell;
  const kernel = panel?.sessionContext.session?.kernel;
  if (!panel || !cell || !kernel || tab === true || !isPython(panel) || lockedNotebook(panel)) {
    await app.commands.execute(ids.openRuns, {});
    return;
  }
  await run(insertBelow({ panel, cell }, "%track panel"));
}
