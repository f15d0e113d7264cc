import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const status: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:status`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
