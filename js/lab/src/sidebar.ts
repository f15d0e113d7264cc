import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:sidebar`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
