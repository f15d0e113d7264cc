import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const notify: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:notify`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
