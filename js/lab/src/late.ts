// Plugins that have nothing to do before JupyterLab is there: only then is their code loaded.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IStatusBar } from "@jupyterlab/statusbar";
import type { Token } from "@lumino/coreutils";
import { NAME } from "./ids";
import { INbtrack, type Settings } from "./tokens";

type Plugin = JupyterFrontEndPlugin<void>;

/** What loads a plugin, called when JupyterLab is there. What it `requires` and `optional` are has to be known before. */
type Load = (nbtrack: INbtrack) => Promise<Plugin>;

function late(name: string, description: string, optional: Token<unknown>[], load: Load): Plugin {
  return {
    id: `${NAME}:${name}`,
    description,
    autoStart: true,
    requires: [INbtrack],
    optional,
    activate: (app: JupyterFrontEnd, nbtrack: INbtrack, ...services: unknown[]) => {
      const start = async () => {
        await app.restored;
        const plugin = await load(nbtrack);
        await plugin.activate(app, nbtrack, ...services);
      };
      start().catch((error: unknown) => console.error(`nbtrack: ${name} could not be loaded.`, error));
    },
  };
}

export const status = late(
  "status",
  "Says in the status bar what runs, and what came out last.",
  [IStatusBar],
  async () => {
    const [found] = await Promise.all([import("./status"), import("./ground")]);
    return found.status;
  },
);

export const notify = late(
  "notify",
  "Says when a long run has ended, where the user wants that.",
  [],
  async (nbtrack) => {
    await toBeNotified(nbtrack);
    return (await import("./notify")).notify;
  },
);

/** Resolves when the user wants to be told: at once, or as soon as the setting says so. */
function toBeNotified({ settings, settingsChanged }: INbtrack): Promise<void> {
  return new Promise((resolve) => {
    if (settings.notify) return resolve();
    const look = (_: unknown, now: Settings) => {
      if (!now.notify) return;
      settingsChanged.disconnect(look);
      resolve();
    };
    settingsChanged.connect(look);
  });
}
