// Plugins that have nothing to do before JupyterLab is there: only then is their code loaded, all of it as one part.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IStatusBar } from "@jupyterlab/statusbar";
import type { Token } from "@lumino/coreutils";
import { NAME } from "./ids";
import type * as Parts from "./parts";
import { INbtrack } from "./tokens";

/** The plugin of that name in parts.ts; what it `requires` and `optional` are has to be known before it is loaded. */
function late(name: keyof typeof Parts, description: string, optional: Token<unknown>[]): JupyterFrontEndPlugin<void> {
  return {
    id: `${NAME}:${name}`,
    description,
    autoStart: true,
    requires: [INbtrack],
    optional,
    activate: (app: JupyterFrontEnd, ...services: unknown[]) => {
      const start = async () => {
        await app.restored;
        const [parts] = await Promise.all([import("./parts"), import("./ground")]);
        await parts[name].activate(app, ...services);
      };
      start().catch((error: unknown) => console.error(`nbtrack: ${name} could not be loaded.`, error));
    },
  };
}

export const status = late("status", "Says in the status bar what runs, and what came out last.", [IStatusBar]);
export const notify = late("notify", "Says when a long run has ended, where the user wants that.", []);
