// What every component of one panel shares: the way to Python, the view's own state, where to say things.
import { createContext, useContext } from "react";
import type { Transport } from "../api/transport";
import type { QueryState } from "./query";
import type { ToastStore } from "./toasts";
import type { ViewStore } from "./view";

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
}

export interface PanelContext {
  transport: Transport;
  query: QueryState;
  view: ViewStore;
  toasts: ToastStore;
  spec: PanelSpec;
}

export const Panel = createContext<PanelContext | null>(null);

export function usePanel(): PanelContext {
  const panel = useContext(Panel);
  if (!panel) throw new Error("usePanel outside of a panel");
  return panel;
}
