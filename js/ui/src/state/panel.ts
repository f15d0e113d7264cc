// What every component of one panel shares: the way to Python, the view's own state, where to say things.
import { createContext, useContext } from "react";
import type { Transport } from "../api/transport";
import type { QueryState } from "./query";
import type { ToastStore } from "./toasts";
import type { View, ViewStore } from "./view";

/** What Python says when it shows a panel: the `spec` trait, see nbtrack/widget/__init__.py. */
export interface PanelSpec {
  v?: number;
  /** The version of nbtrack that made it. */
  version?: string;
  /** The name of the project's folder, for people. */
  root?: string;
  project?: string;
  filter?: string;
  sort?: string[];
  columns?: string[] | null;
  /** Columns that are not seen. */
  hidden?: string[];
  /** Names of metrics whose curves are shown. */
  charts?: string[] | null;
  /** What the panel is about, which the user cannot take off. */
  also?: string[];
  experiment?: string | null;
  notebook?: string | null;
  /** The id of a run that is opened at once. */
  open?: string | null;
  /** Pixels. */
  height?: number | null;
  /** The columns that are seen while none were chosen in this project. */
  first?: string[];
  /** Which values of a metric are the better ones, where its name does not say so or says it wrongly. */
  directions?: Readonly<Record<string, "min" | "max">>;
}

/** What is open over the table: a run, or runs that are compared. */
export type Open = NonNullable<View["open"]>;

/** What the place around a panel says of itself, and what it can do. */
export interface PanelHost {
  /** The panel has its element to itself: no border, no height of its own, and the keys of the place go on working. */
  fill?: boolean;
  /** Opens a run or a comparison beside the panel. */
  openTab?: (open: Open) => void;
  /** Keeps how the table is arranged under a name that it asks for. */
  saveView?: () => void;
  /** Opens a file of the project, or has the browser save it. */
  openFile?: (path: string, how: "open" | "download") => void;
  /** Is given the view before it is drawn for the first time. */
  onView?: (view: ViewStore) => void;
}

export interface PanelContext {
  transport: Transport;
  query: QueryState;
  view: ViewStore;
  toasts: ToastStore;
  spec: PanelSpec;
  host?: PanelHost;
}

export const Panel = createContext<PanelContext | null>(null);

export function usePanel(): PanelContext {
  const panel = useContext(Panel);
  if (!panel) throw new Error("usePanel outside of a panel");
  return panel;
}
