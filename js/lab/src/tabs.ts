// Tabs of the main area: the runs of a project with their charts, one run, a comparison. What opens them is loaded with
// the first of them.
import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, WidgetTracker } from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import { loaded } from "./cells/load";
import { runsIcon } from "./icons";
import { commands, NAME } from "./ids";
import { addOpenFile } from "./openFile";
import type { Given, Tabs } from "./opening";
import type { RunsTab } from "./tab";
import { INbtrack } from "./tokens";

const RESTORE = `${NAME}:restore-tab`;

type Tracker = WidgetTracker<RunsTab>;
/** null where it could not be loaded. */
type Load = () => Promise<Tabs | null>;

/** One for all tabs: they know of one another. */
function loader(app: JupyterFrontEnd, nbtrack: INbtrack, tracker: Tracker, lab: boolean): Load {
  let all: Tabs | null = null;
  return async () => {
    const found = all ? null : await loaded(() => import("./opening"));
    if (found) all ??= new found.Tabs(app, nbtrack, tracker, lab);
    return all;
  };
}

function runsOf(given: Given): string[] {
  const found = Array.isArray(given.runs) ? given.runs.filter((run) => typeof run === "string") : [];
  if (!found.length) throw new Error("Which runs? Give their ids as `runs`.");
  return found;
}

function runOf({ run }: Given): string {
  if (typeof run !== "string") throw new Error("Which run? Give its id as `run`.");
  return run;
}

function addCommands(app: JupyterFrontEnd, tracker: Tracker, load: Load): void {
  /** The table in front. */
  const table = (): RunsTab | null => {
    const { currentWidget } = app.shell;
    return tracker.find((tab) => tab === currentWidget && tab.about === "table" && tab.view !== null) ?? null;
  };
  addOpenFile(app);
  app.commands.addCommand(commands.openRuns, {
    label: ({ cwd }) => (cwd === undefined ? "Open the runs of this project" : "nbtrack runs"),
    caption: "The table of runs with their charts, in a tab",
    icon: ({ isPalette }) => (isPalette ? undefined : runsIcon),
    execute: async (given) => (await load())?.execute(given, null),
  });
  app.commands.addCommand(commands.openRun, {
    label: "Open a run",
    execute: async (given) => (await load())?.execute(given, { kind: "run", id: runOf(given) }),
  });
  app.commands.addCommand(commands.compare, {
    label: "Compare runs",
    execute: async (given) => (await load())?.execute(given, { kind: "compare", ids: runsOf(given) }),
  });
  app.commands.addCommand(commands.saveView, {
    label: "Save the view of runs as…",
    isEnabled: () => table() !== null,
    execute: async () => {
      const tab = table();
      if (tab) await (await load())?.save(tab);
    },
  });
  app.commands.addCommand(RESTORE, {
    label: "Restore a tab of nbtrack",
    execute: async (kept) => (await load())?.restore(kept),
  });
}

export const tabs: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:tabs`,
  description: "Runs, one run and comparisons as tabs.",
  autoStart: true,
  requires: [INbtrack],
  optional: [ILabShell, ILayoutRestorer, ILauncher, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    nbtrack: INbtrack,
    lab: ILabShell | null,
    restorer: ILayoutRestorer | null,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
  ) => {
    const tracker: Tracker = new WidgetTracker({ namespace: NAME });
    addCommands(app, tracker, loader(app, nbtrack, tracker, lab !== null));
    void restorer?.restore(tracker, { command: RESTORE, args: (tab) => tab.asked, name: (tab) => tab.asked.key });
    launcher?.add({ command: commands.openRuns, category: "Other", rank: 20 });
    palette?.addItem({ command: commands.openRuns, category: NAME, args: { isPalette: true } });
    palette?.addItem({ command: commands.saveView, category: NAME });
  },
};
