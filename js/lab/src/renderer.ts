import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const renderer: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:renderer`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
