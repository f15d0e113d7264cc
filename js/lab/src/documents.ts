import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const documents: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:documents`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
