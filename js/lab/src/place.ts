// Where the project of a saved panel is: its output says it as seen from the notebook's folder.
import { PathExt } from "@jupyterlab/coreutils";
import type { PanelSpec } from "@nbtrack/ui/src/state/panel";
import type { INbtrack } from "./tokens";

/** Why the project cannot be shown, and what to do about it. */
export class Lost extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

const AGAIN = "Run the cell again to see it live.";

/** The folder of a project as a path of the file browser; null where it is not inside the server's folder. */
export function folderOf(project: string, notebook: string): string | null {
  const found = PathExt.join(PathExt.dirname(notebook), project).replace(/^\.?\/|\/$|^\.$/g, "");
  return found === ".." || found.startsWith("../") ? null : found;
}

/** The project that a panel in a notebook shows, if the server has it and the run that it opens. */
export async function projectOf(nbtrack: INbtrack, spec: PanelSpec, notebook: string): Promise<string> {
  if (!spec.project) {
    throw new Lost("This notebook does not say where the runs are: they lie outside of its own project.", AGAIN);
  }
  const folder = folderOf(spec.project, notebook);
  if (folder === null) {
    throw new Lost(
      `The runs are kept in '${spec.project}' of this notebook, outside of the folder that the server shows.`,
      `Start JupyterLab in that folder. ${AGAIN}`,
    );
  }
  let info = await nbtrack.find(folder);
  // It may have been begun since that was asked.
  if (!info.exists) info = await nbtrack.server.find(folder);
  if (info.inside || !info.exists) {
    throw new Lost(
      `There are no runs in ${folder ? `'${folder}'` : "the server's folder"}, where this panel had its project.`,
      `Was the notebook moved, or its project moved or renamed? Put them back together. ${AGAIN}`,
    );
  }
  if (spec.open) await findRun(nbtrack, info.project, spec.open);
  return info.project;
}

async function findRun(nbtrack: INbtrack, project: string, run: string): Promise<void> {
  try {
    await nbtrack.transport(project).ask("runs.get", { run });
  } catch (error) {
    if ((error as { code?: string }).code !== "not_found") throw error;
    throw new Lost(`The run ${run} is not among those of the project in '${project || "/"}' any more.`, AGAIN);
  }
}
