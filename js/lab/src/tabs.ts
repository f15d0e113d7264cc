import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const tabs: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:tabs`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
