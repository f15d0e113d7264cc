// What the list remembers of each project while the page lives: its filter, its order, what is chosen, where it stood.
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Transport } from "../../api/transport";
import type { BriefRow, Key } from "../../contract";
import { filterName } from "../../lib/columns";
import type { PanelContext } from "../../state/panel";
import { createQueryState } from "../../state/query";
import { createToasts } from "../../state/toasts";
import { createView } from "../../state/view";
import { type Question, RunList } from "./list";

export const ORDERS = { latest: "Latest first", name: "Name", metric: "Best metric first", duration: "Longest first" };
export type Order = keyof typeof ORDERS;
export const STATUSES = ["running", "finished", "failed", "interrupted", "crashed"] as const;
/** Whose runs are shown. */
export type Section = "notebook" | "project";
export type RunStatus = BriefRow["status"];
export type Directions = Readonly<Record<string, "min" | "max">>;

export interface Browse {
  /** What stands in the box. */
  text: string;
  /** What of it is asked for: not a field that was only begun. */
  filter: string;
  order: Order;
  /** The metric that is shown, where a run has it; null: the one that says most. */
  metric: Pick<Key, "name" | "better"> | null;
  starred: boolean;
  statuses: readonly RunStatus[];
  selected: ReadonlySet<string>;
  /** The run the keyboard is on. */
  active: string | null;
  /** The run that another one is chosen for, to compare them. */
  partner: string | null;
  set(change: Partial<Omit<Browse, "set">>): void;
}

export interface Memory {
  list: RunList;
  browse: StoreApi<Browse>;
  /** For the parts of the panel that stand in the list, too. */
  panel: PanelContext;
  /** Where it was scrolled to. */
  top: number;
}

export function createBrowse(): StoreApi<Browse> {
  return createStore<Browse>((set) => ({
    text: "",
    filter: "",
    order: "latest",
    metric: null,
    starred: false,
    statuses: [],
    selected: new Set(),
    active: null,
    partner: null,
    set: (change) => set(change),
  }));
}

const memories = new WeakMap<Transport, Memory>();

export function memoryOf(transport: Transport): Memory {
  let memory = memories.get(transport);
  if (!memory) {
    const list = new RunList((request, signal) => transport.ask("tables.browse", request, { signal }));
    transport.onRevision(() => list.news());
    const query = createQueryState(transport);
    const panel = { transport, query, view: createView(), toasts: createToasts(), spec: {} };
    memory = { list, browse: createBrowse(), panel, top: 0 };
    memories.set(transport, memory);
  }
  return memory;
}

export function useBrowse<T>(memory: Memory, pick: (browse: Browse) => T): T {
  return useStore(memory.browse, pick);
}

export function questionOf(
  browse: Pick<Browse, "filter" | "order" | "metric" | "starred" | "statuses">,
  notebook: string | null,
  directions: Directions,
): Question {
  const { filter, metric, starred, statuses } = browse;
  const also: string[] = [];
  if (starred) also.push("starred = true");
  if (statuses.length) also.push(`status in (${statuses.map((one) => `'${one}'`).join(", ")})`);
  return {
    notebook,
    filter,
    also,
    sort: sortOf(browse.order, metric, directions),
    metric: metric?.name ?? null,
  };
}

function sortOf(order: Order, metric: Pick<Key, "name" | "better"> | null, directions: Directions): string[] {
  if (order === "name") return ["name", "-started"];
  if (order === "duration") return ["-duration", "-started"];
  if (order === "metric" && metric) {
    const up = better(metric, directions) === "min" ? "" : "-";
    return [`${up}${filterName(`metrics.${metric.name}`)}`, "-started"];
  }
  return [];
}

/** Which values of a metric are the better ones: as the user says, else as its name does. */
export function better(metric: Pick<Key, "name" | "better">, directions: Directions): "min" | "max" | null {
  return (Object.hasOwn(directions, metric.name) ? directions[metric.name] : metric.better) ?? null;
}

/** The metric that most of some runs show. */
export function mainMetric(rows: Iterable<BriefRow>): Pick<Key, "name" | "better"> | null {
  const counts = new Map<string, { count: number; metric: Pick<Key, "name" | "better"> }>();
  for (const { metric } of rows) {
    if (!metric) continue;
    const known = counts.get(metric.name) ?? { count: 0, metric: { name: metric.name, better: metric.better } };
    known.count += 1;
    counts.set(metric.name, known);
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.metric ?? null;
}
