import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

export const kernels: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:kernels`,
  description: "",
  autoStart: true,
  requires: [INbtrack],
  activate: () => {},
};
