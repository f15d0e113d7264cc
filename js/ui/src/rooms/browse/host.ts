// What the list is told by the page it stands in, and what it can ask of it. It knows no Jupyter itself.
import type { Transport } from "../../api/transport";
import type { PanelSpec } from "../../state/panel";

/** What the page can do with runs; what it cannot do is not offered. */
export interface HostCommands {
  openRuns: { project: string; spec?: PanelSpec };
  openRun: { project: string; run: string; name?: string };
  compare: { project: string; runs: string[] };
  diffWithCell: { project: string; run: string };
  restoreCode: { project: string; run: string };
  insertCode: { project: string; run: string };
  runWithParams: { project: string; run: string };
  /** Opens a file of the project, or has the browser save it. */
  openFile: { project: string; path: string; download: boolean };
  /** Makes the active cell a tracked one. */
  toggleTracked: Record<string, never>;
  /** Takes the list out of sight. */
  collapse: Record<string, never>;
}

export type HostCommand = keyof HostCommands;

export interface Host {
  can<K extends HostCommand>(command: K, given: HostCommands[K]): boolean;
  run<K extends HostCommand>(command: K, given: HostCommands[K]): Promise<unknown>;
}

/** What the user is at. */
export interface Spot {
  /** Its folder, as it stands in requests. */
  project: string;
  /** The project's name, for people. */
  name: string;
  /** The notebook in front, as a path in the project; null where there is none. */
  notebook: string | null;
  transport: Transport;
}

export interface Trouble {
  message: string;
  hint?: string;
}
