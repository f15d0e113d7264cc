// Tabs of one run are called what the run is called, also when it is renamed elsewhere or while the tab is not seen.
import type { WidgetTracker } from "@jupyterlab/apputils";
import type { RunsTab } from "./tab";
import type { INbtrack } from "./tokens";

const EVERY = 1500; // milliseconds between two questions: names change seldom, revisions often
const SOON = 100;

export class Titles {
  readonly #nbtrack: INbtrack;
  readonly #tabs: WidgetTracker<RunsTab>;
  readonly #followed = new Set<string>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(nbtrack: INbtrack, tabs: WidgetTracker<RunsTab>) {
    this.#nbtrack = nbtrack;
    this.#tabs = tabs;
    tabs.widgetUpdated.connect((_, tab) => tab.run && this.#later(tab.project, SOON));
  }

  /** Hear of the changes of a project, once for all tabs. */
  follow(project: string): void {
    this.#later(project, 0);
    if (this.#followed.has(project)) return;
    this.#followed.add(project);
    this.#nbtrack.transport(project).onRevision(() => this.#later(project));
  }

  #later(project: string, wait = EVERY): void {
    if (this.#timers.has(project)) return;
    const ask = () => {
      this.#timers.delete(project);
      this.#ask(project).catch(() => {}); // the server is away: the names stay, and the panels say so
    };
    this.#timers.set(project, setTimeout(ask, wait));
  }

  async #ask(project: string): Promise<void> {
    const tabs = this.#tabs.filter((tab) => tab.project === project && tab.run !== null);
    const ids = [...new Set(tabs.flatMap(({ run }) => (run && /^\w+$/.test(run) ? [run] : [])))];
    if (!ids.length) return;
    const filter = `id in (${ids.map((id) => `'${id}'`).join(", ")})`;
    const { rows } = await this.#nbtrack
      .transport(project)
      .ask("runs.page", { filter, columns: [], limit: ids.length });
    const names = new Map(rows.map((row) => [row.id, row.name]));
    for (const tab of tabs) {
      const name = names.get(tab.run ?? "");
      if (name !== undefined) tab.rename(name); // else it is in the trash, and keeps its name
    }
  }
}
