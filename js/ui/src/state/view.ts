// What only the view owns: how the table and the charts are arranged. Remembered per project (tables.view/save).
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import { usePanel } from "./panel";

export type Stat = "last" | "min" | "max" | "mean";
export type Better = "min" | "max" | "none";

/** A condition beside the filter's text: from brushing a chart, or from a click on a value. */
export interface Also {
  id: string;
  /** In words, for its chip. */
  label: string;
  /** In the search language. */
  where: string;
}

export interface SortKey {
  /** A column: "params.lr", "metrics.acc", "tags.stage", "name", "started" … */
  id: string;
  desc: boolean;
}

export type XAxis = "step" | "relative" | "time" | "metric";
export type PlotKind = "parallel" | "scatter" | "bars" | "histogram" | "contour" | "importance";

export type Pane = "table" | "curves" | "plots";
export const PANES: readonly Pane[] = ["table", "curves", "plots"];

export interface CurveOptions {
  x: XAxis;
  /** The metric on the x axis where x is "metric". */
  xKey: string | null;
  logX: boolean;
  logY: boolean;
  /** Weight of the exponential moving average, 0 to 0.999. */
  smoothing: number;
  /** Leave values beyond the 5th and 95th percentile out of the range of y. */
  clip: boolean;
  /** One mean with its band for each group, instead of a line for each run. */
  bands: boolean;
  /** The column whose values are the groups; null: the table's `groupBy`, else a param that differs. */
  by: string | null;
  /** Per metric: axes that are not as those of all charts. */
  own: Record<string, { logX?: boolean; logY?: boolean }>;
}

export interface PlotSpec {
  id: string;
  kind: PlotKind;
  /** Columns in the order of the axes; for importance the metric. */
  columns: string[];
  /** The column that colours. */
  color: string | null;
}

/** The part that is remembered. Fields may be added; what an older panel saved is completed with the defaults. */
export interface Arranged {
  filter: string;
  also: Also[];
  experiment: string | null;
  notebook: string | null;
  sort: SortKey[];
  /** Columns in their order; those not named come after, as `defaultColumns` orders them. */
  order: string[];
  /** Columns that were shown or hidden by hand. */
  visible: Record<string, boolean>;
  /** Columns held at the left. */
  pinnedColumns: string[];
  /** Pixels. */
  widths: Record<string, number>;
  onlyDiffering: boolean;
  /** Per metric: which summary the table shows; "last" if not named. */
  stats: Record<string, Stat>;
  /** Per metric: which direction is better, where the name does not say it or says it wrong. */
  better: Record<string, Better>;
  baseline: string | null;
  deltas: "absolute" | "percent" | "both";
  /** Runs whose eye is closed. */
  hidden: string[];
  /** Runs held at the top. */
  pinnedRuns: string[];
  groupBy: string | null;
  /** How many runs the charts show, the first of the table. */
  most: number;
  /** What is shown, in this order from top to bottom; never nothing. */
  panes: Pane[];
  /** The part of the height that the table has where something stands below it. */
  split: number;
  /** Metrics whose curve is shown; null: the first few. */
  metrics: string[] | null;
  curves: CurveOptions;
  plots: PlotSpec[];
  /** Pixels of the panel. */
  height: number;
}

/** The part that is forgotten. */
export interface Passing {
  trashed: boolean;
  selected: ReadonlySet<string>;
  /** The run the keyboard is on. */
  active: string | null;
  /** The run under the pointer, in the table or in a chart: its line comes forward. */
  hover: string | null;
  /** The only run shown in the charts. */
  solo: string | null;
  /** The run that is open, or the runs that are compared. */
  open: { kind: "run"; id: string } | { kind: "compare"; ids: string[] } | null;
  /** Groups that are unfolded, by their `where`. */
  unfolded: ReadonlySet<string>;
  fullScreen: boolean;
}

export interface View extends Arranged, Passing {
  set(change: Partial<Arranged & Passing>): void;
}

export type ViewStore = StoreApi<View>;

export const ARRANGED: Arranged = {
  filter: "",
  also: [],
  experiment: null,
  notebook: null,
  sort: [],
  order: [],
  visible: {},
  pinnedColumns: ["name"],
  widths: {},
  onlyDiffering: false,
  stats: {},
  better: {},
  baseline: null,
  deltas: "both",
  hidden: [],
  pinnedRuns: [],
  groupBy: null,
  most: 30,
  panes: ["table", "curves"],
  split: 0.48,
  metrics: null,
  curves: {
    x: "step",
    xKey: null,
    logX: false,
    logY: false,
    smoothing: 0,
    clip: false,
    bands: false,
    by: null,
    own: {},
  },
  plots: [],
  height: 680,
};

const PASSING: Passing = {
  trashed: false,
  selected: new Set(),
  active: null,
  hover: null,
  solo: null,
  open: null,
  unfolded: new Set(),
  fullScreen: false,
};

export function createView(first: Partial<Arranged & Passing> = {}): ViewStore {
  return createStore<View>((set) => ({ ...ARRANGED, ...PASSING, ...first, set: (change) => set(change) }));
}

/** What is remembered of a view. */
export function arranged(view: View): Arranged {
  const names = Object.keys(ARRANGED) as (keyof Arranged)[];
  return Object.fromEntries(names.map((name) => [name, view[name]])) as unknown as Arranged;
}

/** What was remembered, completed; a field of another kind than it should be is passed over. */
export function restored(saved: unknown): Partial<Arranged> {
  if (typeof saved !== "object" || saved === null) return {};
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(saved)) {
    const fallback = (ARRANGED as unknown as Record<string, unknown>)[name];
    if (fallback === undefined || value === undefined) continue;
    if (
      fallback === null
        ? value === null || typeof value === "string" || Array.isArray(value)
        : sameKind(fallback, value)
    ) {
      found[name] = name === "curves" ? { ...ARRANGED.curves, ...(value as object) } : value;
    }
  }
  return found as Partial<Arranged>;
}

function sameKind(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && Array.isArray(one) === Array.isArray(other) && other !== null;
}

/** A part of the view, as it changes. */
export function useView<T>(pick: (view: View) => T): T {
  return useStore(usePanel().view, pick);
}

/** Change the view. */
export function useSetView(): View["set"] {
  return usePanel().view.getState().set;
}
