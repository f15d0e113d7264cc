// Opens what the tabs of the main area show: loaded with the first of them.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { showErrorMessage, type WidgetTracker } from "@jupyterlab/apputils";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { Open } from "@nbtrack/ui/src/state/panel";
import { openerOf } from "./host";
import { specOf } from "./spec";
import { type Asked, askedOf, RunsTab } from "./tab";
import { Titles } from "./titles";
import type { INbtrack } from "./tokens";

export type Given = ReadonlyPartialJSONObject;

export class Tabs {
  readonly #titles: Titles;

  constructor(
    readonly app: JupyterFrontEnd,
    readonly nbtrack: INbtrack,
    readonly tracker: WidgetTracker<RunsTab>,
    readonly lab: boolean,
  ) {
    this.#titles = new Titles(nbtrack, tracker);
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

  async save({ project, view, spec = {} }: RunsTab): Promise<void> {
    if (!view) return;
    const { saveView } = await import("./saving");
    const first = this.nbtrack.settings.columns;
    await saveView(this.nbtrack, this.app.serviceManager.contents, { project, view, spec: { ...spec, first } });
  }

  /** What was kept of a tab, opened again. */
  restore(kept: Given): RunsTab {
    return this.open(askedOf(kept));
  }

  async execute(given: Given, open: Open | null): Promise<RunsTab | undefined> {
    const project = await this.project(given);
    if (project === null) return undefined;
    const name = typeof given.name === "string" ? given.name : undefined;
    return this.open({ project, open, name, spec: given.spec ? specOf(given.spec).spec : undefined });
  }
}
