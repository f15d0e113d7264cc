// The panel of an output: loaded with the first of them.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import { hostOf } from "./host";
import { PanelView } from "./panel";
import { projectOf } from "./place";
import { specOf } from "./spec";
import type { INbtrack } from "./tokens";

/** given: what the output says. path: its notebook's, with a drive. An error says why there is nothing to show. */
export async function panelOf(
  { app, nbtrack }: { app: JupyterFrontEnd; nbtrack: INbtrack },
  given: unknown,
  path: string,
): Promise<PanelView> {
  const { spec } = specOf(given);
  const project = await projectOf(nbtrack, spec, app.serviceManager.contents.localPath(path));
  return new PanelView(nbtrack, project, spec, hostOf(app, project));
}
