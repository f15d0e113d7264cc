// What stands next to cells: their history, and what can be done with the code of a run.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker, NotebookActions, type NotebookPanel } from "@jupyterlab/notebook";
import { LabIcon } from "@jupyterlab/ui-components";
import { prepare } from "./cells/edit";
import type { Base, Of } from "./cells/here";
import { insertPanel } from "./cells/insert";
import { loaded } from "./cells/load";
import { chosen, isOn, toggleTracked } from "./cells/toggle";
import { runsIcon } from "./icons";
import { commands as ids, NAME } from "./ids";
import { answerKernels } from "./restoring";
import { INbtrack } from "./tokens";

const trackIcon = new LabIcon({
  name: `${NAME}:track`,
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">' +
    '<g class="jp-icon3" stroke="#616161"><circle cx="8" cy="8" r="5.3" fill="none" stroke-width="1.4"/></g>' +
    '<circle class="jp-icon3" cx="8" cy="8" r="2.4" fill="#616161"/></svg>',
});

export const cells: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:cells`,
  description: "The last runs of a cell below it; commands that bring the code and the params of a run back.",
  autoStart: true,
  requires: [INbtrack],
  optional: [INotebookTracker],
  activate: (app: JupyterFrontEnd, nbtrack: INbtrack, notebooks: INotebookTracker | null) => {
    if (!notebooks) return;
    const base: Base = { app, nbtrack, notebooks };
    const follow = async (panel: NotebookPanel) => {
      const found = await loaded(() => import("./cells/history"));
      if (found && !panel.isDisposed) new found.CellHistories(panel, base);
    };
    notebooks.widgetAdded.connect((_, panel) => void follow(panel));
    notebooks.forEach((panel) => void follow(panel));
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => {
      const panel = notebooks.find(({ content }) => content === notebook);
      if (panel && cell.model.type === "code") prepare(panel, cell.model.sharedModel.getSource());
    });
    answerKernels(base);
    addRunCommands(base);
    addNotebookCommands(base);
  },
};

/** {project, run} are given; each is loaded when it is first used. */
function addRunCommands(base: Base): void {
  const add = (id: string, label: string, caption: string, act: (of: Of) => Promise<unknown>) =>
    base.app.commands.addCommand(id, {
      label,
      caption,
      isVisible: (given) => typeof given.run === "string",
      isEnabled: (given) => typeof given.run === "string",
      execute: ({ project, run }) => act({ project: String(project ?? ""), run: String(run) }),
    });
  const actions = () => loaded(() => import("./cells/actions"));
  add(ids.restoreCode, "Restore this code", "Put the code of the run into its cell", async (of) =>
    (await actions())?.restoreCode(base, of),
  );
  add(ids.insertCode, "Insert code below", "Insert the code of the run below the active cell", async (of) =>
    (await actions())?.insertCode(base, of),
  );
  add(ids.diffWithCell, "Diff with the cell now", "Show the code of the run against its cell", async (of) =>
    (await actions())?.diffWithCell(base, of),
  );
  add(ids.runWithParams, "Run with these params…", "Put the params of the run into its cell and run it", async (of) =>
    (await actions())?.runWithParams(base, of),
  );
}

function addNotebookCommands(base: Base): void {
  const { app, notebooks } = base;
  const here = () => (notebooks.currentWidget?.isDisposed === false ? notebooks.currentWidget : null);
  app.commands.addCommand(ids.toggleTracked, {
    label: "Track this cell",
    caption: "Record every run of this cell: writes or removes its %%track line",
    icon: trackIcon,
    isToggleable: true,
    isToggled: () => isOn(notebooks.activeCell),
    isVisible: () => notebooks.activeCell?.model?.type === "code",
    isEnabled: () => {
      const panel = here();
      return panel !== null && chosen(panel.content).length > 0;
    },
    execute: () => {
      const panel = here();
      if (panel) toggleTracked(panel);
    },
  });
  app.commands.addCommand(ids.insertPanel, {
    label: "Runs",
    caption: "Show the runs below the active cell; with Shift, in a tab",
    icon: runsIcon,
    isEnabled: () => here() !== null,
    execute: (given) => insertPanel(base, given),
  });
  followActive(base);
}

/** The button of the active cell is pressed as long as its text says that it is tracked. */
function followActive({ app, notebooks }: Base): void {
  let on = false;
  let end = () => {};
  const look = () => {
    const now = isOn(notebooks.activeCell);
    if (now === on) return;
    on = now;
    app.commands.notifyCommandChanged(ids.toggleTracked);
  };
  notebooks.activeCellChanged.connect((_, cell) => {
    end();
    const model = cell?.model;
    model?.contentChanged.connect(look);
    end = () => void model?.contentChanged.disconnect(look);
    app.commands.notifyCommandChanged(ids.toggleTracked);
    look();
  });
}
