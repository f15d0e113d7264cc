// Tabs of the main area: the runs of a project with their charts, one run, a comparison.
import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, showErrorMessage, WidgetTracker } from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { Open } from "@nbtrack/ui/src/state/panel";
import { runsIcon } from "./icons";
import { commands, NAME } from "./ids";
import { addOpenFile, openerOf } from "./openFile";
import { specOf } from "./spec";
import { type Asked, askedOf, RunsTab } from "./tab";
import { Titles } from "./titles";
import { INbtrack } from "./tokens";

const RESTORE = `${NAME}:restore-tab`;

type Given = ReadonlyPartialJSONObject;

class Tabs {
  readonly tracker = new WidgetTracker<RunsTab>({ namespace: NAME });
  readonly #titles: Titles;

  constructor(
    readonly app: JupyterFrontEnd,
    readonly nbtrack: INbtrack,
    readonly lab: boolean,
  ) {
    this.#titles = new Titles(nbtrack, this.tracker);
  }

  /** The tab that shows this already, or a new one. */
  open(asked: Asked): RunsTab {
    const found = this.tracker.find((tab) => tab.shows(asked));
    const tab = found ?? this.#make(asked);
    const { shell } = this.app;
    if (this.lab) shell.activateById(tab.id);
    else (shell as { expandRight?: (id: string) => void }).expandRight?.(tab.id);
    return tab;
  }

  #make(asked: Asked): RunsTab {
    const tab = new RunsTab(this.nbtrack, asked, {
      openTab: (open) => void this.open({ project: asked.project, open }),
      back: (seen) => {
        this.open({ project: asked.project, open: null }).arrange(seen);
        tab.dispose();
      },
      saveView: () => void this.save(tab),
      openFile: openerOf(this.app, asked.project),
    });
    tab.changed.connect(() => void this.tracker.save(tab));
    void this.tracker.add(tab);
    this.#titles.follow(asked.project);
    // Notebook 7 has one thing in its main area, the notebook; beside it there is room.
    this.app.shell.add(tab, this.lab ? "main" : "right");
    return tab;
  }

  /** The project that a command is about: the one it names, that of a folder, or that of the place the user is at. */
  async project({ project, cwd }: Given): Promise<string | null> {
    if (typeof project === "string") return project;
    const { path, place } = this.nbtrack;
    if (typeof cwd !== "string" && place.info && place.path === path) return place.info.project;
    try {
      return (await this.nbtrack.find(typeof cwd === "string" ? cwd : path)).project;
    } catch (error) {
      const { message, hint = "" } = error as Error & { hint?: string };
      await showErrorMessage("Runs cannot be shown", `${message} ${hint}`);
      return null;
    }
  }

  /** The table in front. */
  get table(): RunsTab | null {
    const { currentWidget } = this.app.shell;
    return this.tracker.find((tab) => tab === currentWidget && tab.about === "table" && tab.view !== null) ?? null;
  }

  async save({ project, view, spec = {} }: RunsTab): Promise<void> {
    if (!view) return;
    const { saveView } = await import("./saving");
    const first = this.nbtrack.settings.columns;
    await saveView(this.nbtrack, this.app.serviceManager.contents, { project, view, spec: { ...spec, first } });
  }

  async execute(given: Given, open: Open | null): Promise<RunsTab | undefined> {
    const project = await this.project(given);
    if (project === null) return undefined;
    const name = typeof given.name === "string" ? given.name : undefined;
    return this.open({ project, open, name, spec: given.spec ? specOf(given.spec).spec : undefined });
  }
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

function addCommands(tabs: Tabs): void {
  const { app } = tabs;
  addOpenFile(app);
  app.commands.addCommand(commands.openRuns, {
    label: ({ cwd }) => (cwd === undefined ? "Open the runs of this project" : "nbtrack runs"),
    caption: "The table of runs with their charts, in a tab",
    icon: ({ isPalette }) => (isPalette ? undefined : runsIcon),
    execute: (given) => tabs.execute(given, null),
  });
  app.commands.addCommand(commands.openRun, {
    label: "Open a run",
    execute: (given) => tabs.execute(given, { kind: "run", id: runOf(given) }),
  });
  app.commands.addCommand(commands.compare, {
    label: "Compare runs",
    execute: (given) => tabs.execute(given, { kind: "compare", ids: runsOf(given) }),
  });
  app.commands.addCommand(commands.saveView, {
    label: "Save the view of runs as…",
    isEnabled: () => tabs.table !== null,
    execute: () => tabs.table && tabs.save(tabs.table),
  });
  app.commands.addCommand(RESTORE, {
    label: "Restore a tab of nbtrack",
    execute: (given) => tabs.open(askedOf(given)),
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
    const all = new Tabs(app, nbtrack, lab !== null);
    addCommands(all);
    void restorer?.restore(all.tracker, { command: RESTORE, args: (tab) => tab.asked, name: (tab) => tab.asked.key });
    launcher?.add({ command: commands.openRuns, category: "Other", rank: 20 });
    palette?.addItem({ command: commands.openRuns, category: NAME, args: { isPalette: true } });
    palette?.addItem({ command: commands.saveView, category: NAME });
  },
};
