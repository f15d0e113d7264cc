// What the plugins of nbtrack share.
import type { NotebookPanel } from "@jupyterlab/notebook";
import { Token } from "@lumino/coreutils";
import type { ISignal } from "@lumino/signaling";
import type { RestTransport } from "@nbtrack/ui/src/api/rest";
import { NAME } from "./ids";
import type { ProjectInfo, Server } from "./server";

/** The user's settings; schema/plugin.json describes them. */
export interface Settings {
  /** Columns that a table opens with, where nothing was remembered. */
  columns: string[];
  /** Which values of a metric are the better ones, where its name does not say so or says it wrongly. */
  directions: Record<string, "min" | "max">;
  /** Load the magics in each new Python kernel. */
  loadMagics: boolean;
  /** Show what cells gave before, below them. */
  cellHistory: boolean;
  /** Say when a run that took at least `notifyAfter` seconds ends. */
  notify: boolean;
  notifyAfter: number;
}

/** What the user is at: the notebook in front, and the project that it, or the folder on the left, belongs to. */
export interface Place {
  notebook: NotebookPanel | null;
  /** The file browser's path of the notebook or folder. */
  path: string;
  info: ProjectInfo | null;
  /** Why there is no project. */
  error: Error | null;
}

export interface INbtrack {
  readonly server: Server;
  /** The project of a notebook or a folder, asked once while nothing was renamed. */
  find(path: string): Promise<ProjectInfo>;
  /** The way to a project, one for all views of the page. Never close it. */
  transport(project: string): RestTransport;
  /** A transport's options, for a view with its own. */
  way(project: string): ConstructorParameters<typeof RestTransport>[0];
  readonly place: Place;
  /** The path that the user is at by now; `place` follows when the server has said which project that is. */
  readonly path: string;
  readonly placeChanged: ISignal<INbtrack, Place>;
  readonly settings: Settings;
  readonly settingsChanged: ISignal<INbtrack, Settings>;
}

export const INbtrack = new Token<INbtrack>(`${NAME}:INbtrack`, "What nbtrack's views in JupyterLab share.");
