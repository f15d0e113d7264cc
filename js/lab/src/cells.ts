import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const cells: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:cells`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
