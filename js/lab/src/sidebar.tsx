// The list of runs in JupyterLab's left bar. What it draws is loaded when it is first shown.
import { ILabShell, ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { ReactWidget } from "@jupyterlab/ui-components";
import type { Message } from "@lumino/messaging";
import type { ReactElement } from "react";
import type * as Side from "./browse";
import { runsIcon } from "./icons";
import { commands, NAME } from "./ids";
import { INbtrack } from "./tokens";

const ID = `${NAME}-sidebar`;
const TITLE = "nbtrack runs";
const RANK = 600; // below what JupyterLab itself has there

class SidebarWidget extends ReactWidget {
  #part: typeof Side | null = null;
  #failed: unknown = null;
  readonly #props: Omit<Side.SideProps, "visible">;

  constructor(props: Omit<Side.SideProps, "visible">) {
    super();
    this.#props = props;
    this.id = ID;
    this.addClass("nbt-side-widget");
    this.title.icon = runsIcon;
    this.title.caption = TITLE;
    this.node.setAttribute("aria-label", TITLE);
    this.node.setAttribute("role", "region");
    document.addEventListener("visibilitychange", this.#look);
  }

  override dispose(): void {
    document.removeEventListener("visibilitychange", this.#look);
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.#look();
  }
  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.#look();
  }
  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.#look();
  }

  readonly #look = (): void => {
    if (this.#part) this.update();
    else if (this.isVisible) void this.#load();
  };

  async #load(): Promise<void> {
    try {
      [this.#part] = await Promise.all([import("./browse"), import("./ground")]);
    } catch (error) {
      this.#failed = error;
    }
    this.update();
  }

  protected override render(): ReactElement | null {
    if (this.#failed)
      return <p className="nbt-ground nbt-side">The list of runs could not be loaded. Reload the page.</p>;
    if (!this.#part) return null;
    const { Side } = this.#part;
    return <Side {...this.#props} visible={this.isVisible && !document.hidden} />;
  }
}

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:sidebar`,
  description: "The runs of the notebook in front and of its project, in the left bar.",
  autoStart: true,
  requires: [INbtrack],
  optional: [ILabShell, ILayoutRestorer, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    nbtrack: INbtrack,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
  ) => {
    const widget = new SidebarWidget({ app, nbtrack, collapse: shell ? () => shell.collapseLeft() : null });
    app.shell.add(widget, "left", { rank: RANK, type: TITLE });
    restorer?.add(widget, ID);
    app.commands.addCommand(commands.showSidebar, {
      label: "Show nbtrack Runs",
      caption: "Show the runs of the notebook in front and of its project",
      icon: runsIcon,
      execute: () => app.shell.activateById(ID),
      describedBy: { args: { type: "object", properties: {} } },
    });
    palette?.addItem({ command: commands.showSidebar, category: NAME });
  },
};
