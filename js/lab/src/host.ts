// What a panel is given of JupyterLab.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { PanelHost } from "@nbtrack/ui/src/state/panel";
import { commands } from "./ids";

/** The ways to a file of a project. */
export function openerOf(app: JupyterFrontEnd, project: string): NonNullable<PanelHost["openFile"]> {
  return (path, how) => {
    void app.commands.execute(commands.openFile, { project, path, download: how === "download" });
  };
}

/** For a panel in an output or a file: runs, comparisons and files are opened in tabs. */
export function hostOf(app: JupyterFrontEnd, project: string): Pick<PanelHost, "openTab" | "openFile"> {
  return {
    openFile: openerOf(app, project),
    openTab: (open) =>
      void (open.kind === "run"
        ? app.commands.execute(commands.openRun, { project, run: open.id })
        : app.commands.execute(commands.compare, { project, runs: open.ids })),
  };
}
