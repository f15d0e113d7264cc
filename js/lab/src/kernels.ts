// Loads nbtrack in each new Python kernel, where the user has said so.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import { IConsoleTracker } from "@jupyterlab/console";
import { INotebookTracker } from "@jupyterlab/notebook";
import { NAME } from "./ids";
import { MagicsLoader } from "./magics";
import { INbtrack } from "./tokens";

export { ensureMagics } from "./magics";

export const kernels: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:kernels`,
  description: "Loads nbtrack in new Python kernels, where the user wants that.",
  autoStart: true,
  requires: [INbtrack],
  optional: [INotebookTracker, IConsoleTracker],
  activate: (
    app: JupyterFrontEnd,
    nbtrack: INbtrack,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
  ) => {
    const loader = new MagicsLoader(
      () => nbtrack.settings.loadMagics,
      (name) => app.serviceManager.kernelspecs.specs?.kernelspecs[name]?.language,
    );
    const follow = ({ sessionContext }: { sessionContext: ISessionContext }) => {
      loader.follow(sessionContext);
    };
    for (const tracker of [notebooks, consoles]) {
      tracker?.forEach(follow);
      tracker?.widgetAdded.connect((_: unknown, widget: { sessionContext: ISessionContext }) => follow(widget));
    }
    nbtrack.settingsChanged.connect(() => loader.again());
  },
};
