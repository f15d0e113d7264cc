// Says when a long run has ended, where the user wants that. It says so too when the run's cell is in sight: who asked
// for it should not have to wonder why it did not come.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { Notification as Toast } from "@jupyterlab/apputils";
import type { BriefRow } from "@nbtrack/ui/src/contract";
import { Claims, type Ending, endings, isLong, patience } from "./endings";
import { feedOf } from "./feed";
import { commands, NAME } from "./ids";
import { INbtrack } from "./tokens";
import { Watch } from "./watch";

const SHOWN = 15_000; // milliseconds; it stays in JupyterLab's list of notifications

class Notifier {
  readonly #claims = new Claims();
  readonly #watch: Watch;

  constructor(
    readonly app: JupyterFrontEnd,
    readonly nbtrack: INbtrack,
  ) {
    this.#watch = new Watch(
      (project) => feedOf(nbtrack.transport(project)),
      (project, ended) => void this.#ended(project, ended),
    );
    nbtrack.placeChanged.connect(() => this.#follow());
    nbtrack.settingsChanged.connect(() => this.#follow());
    this.#follow();
  }

  #follow(): void {
    if (this.nbtrack.settings.notify) this.#watch.go(this.nbtrack.place.info?.project ?? null);
    else this.#watch.stop();
  }

  async #ended(project: string, ended: readonly BriefRow[]): Promise<void> {
    const long = ended.filter((run) => isLong(run, this.nbtrack.settings.notifyAfter));
    if (long.length === 0) return;
    const key = (run: BriefRow) => `${this.nbtrack.server.url()} ${project} ${run.id}`;
    await new Promise((resolve) => setTimeout(resolve, patience(document)));
    const ours = await this.#claims.claim(long.map(key));
    for (const one of endings(long.filter((run) => ours.includes(key(run))))) this.#show(project, one);
  }

  #show(project: string, { message, kind, run }: Ending): void {
    const open = () =>
      void (run
        ? this.app.commands.execute(commands.openRun, { project, run: run.id, name: run.name })
        : this.app.commands.execute(commands.openRuns, { project }));
    const caption = run ? "Open the run in a tab" : "Open the runs in a tab";
    const actions = [{ label: "Open", caption, callback: open }];
    Toast.emit(message, kind, { actions, autoClose: document.hidden ? false : SHOWN });
    if (document.hidden) outside(message, open);
  }
}

/** The browser's own notification, if the user has allowed this page to show some; nobody is asked for that here. */
function outside(message: string, open: () => void): void {
  if (globalThis.Notification?.permission !== "granted") return;
  try {
    const shown = new globalThis.Notification("nbtrack", { body: message });
    shown.onclick = () => {
      window.focus();
      open();
      shown.close();
    };
  } catch {
    // Some browsers let only service workers show any. The page's own one is there.
  }
}

export const notify: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:notify`,
  description: "Says when a long run has ended, where the user wants that.",
  autoStart: true,
  requires: [INbtrack],
  activate: (app: JupyterFrontEnd, nbtrack: INbtrack) => void new Notifier(app, nbtrack),
};
