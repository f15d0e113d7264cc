// The status bar says what goes on in the project of the notebook in front, or what came out last.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ReactWidget } from "@jupyterlab/ui-components";
import { Signal } from "@lumino/signaling";
import { feedOf, type News } from "./feed";
import { commands, NAME } from "./ids";
import { StatusItem } from "./StatusItem";
import { INbtrack } from "./tokens";
import "./status.css";

class StatusWidget extends ReactWidget {
  readonly activeChanged = new Signal<this, void>(this);
  #news: News | null = null;
  #seen = 0;
  #end = () => {};
  #project: string | null = null;

  constructor(
    readonly nbtrack: INbtrack,
    readonly open: () => void,
  ) {
    super();
    nbtrack.placeChanged.connect(() => this.#follow());
    this.#follow();
  }

  /** Where there are no runs there is nothing to say. */
  get active(): boolean {
    return (this.#news?.page.total ?? 0) > 0;
  }

  #follow(): void {
    const project = this.nbtrack.place.info?.project ?? null;
    if (project === this.#project) return;
    this.#project = project;
    this.#end();
    this.#end = () => {};
    this.#take(null);
    if (project !== null) this.#end = feedOf(this.nbtrack.transport(project)).listen((news) => this.#take(news));
  }

  #take(news: News | null): void {
    const before = this.active;
    this.#news = news;
    this.#seen = Date.now() / 1000;
    this.update();
    if (before !== this.active) this.activeChanged.emit();
  }

  protected render() {
    return <StatusItem news={this.#news} seen={this.#seen} onOpen={this.open} />;
  }
}

export const status: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:status`,
  description: "Says in the status bar what runs, and what came out last.",
  autoStart: true,
  requires: [INbtrack],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, nbtrack: INbtrack, bar: IStatusBar | null) => {
    if (!bar) return;
    const item = new StatusWidget(nbtrack, () => void app.commands.execute(commands.showSidebar));
    bar.registerStatusItem(`${NAME}:status`, {
      item,
      align: "left",
      rank: 10,
      isActive: () => item.active,
      activeStateChanged: item.activeChanged,
    });
  },
};
