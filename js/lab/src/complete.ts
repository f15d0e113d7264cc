import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const complete: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:complete`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
