// What was exported, opened in the page or saved by the browser.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { PathExt } from "@jupyterlab/coreutils";
import { commands } from "./ids";

export function addOpenFile(app: JupyterFrontEnd): void {
  app.commands.addCommand(commands.openFile, {
    label: "Open a file of a project of nbtrack",
    execute: async ({ project, path, download }) => {
      if (typeof path !== "string" || !path) throw new Error("Which file? Give its path in the project as `path`.");
      const file = PathExt.join(typeof project === "string" ? project : "", path);
      if (!download) return app.commands.execute("docmanager:open", { path: file });
      const link = document.createElement("a");
      link.href = await app.serviceManager.contents.getDownloadUrl(file);
      link.download = PathExt.basename(file);
      link.click();
    },
  });
}
