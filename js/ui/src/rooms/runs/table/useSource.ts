// Where the table's rows come from: blocks of runs, or groups with blocks of runs below them.
import { useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef } from "react";
import type { AskError, Transport } from "../../../api/transport";
import type { Group, RunRow } from "../../../contract";
import { metricOf } from "../../../lib/columns";
import { usePanel } from "../../../state/panel";
import { type QueryState, useAsk, useRevision } from "../../../state/query";
import { type Selection, withStat } from "../../../state/runs";
import { useView, type ViewStore } from "../../../state/view";
import { type AskPage, Blocks, type Question } from "./blocks";
import { groupedLines, type Line, type Lines, plainLines } from "./lines";

const EVERY = 250; // milliseconds between two looks at changed rows
const GROUPS = 1000;

export interface Found {
  line: Line;
  row: RunRow | undefined;
  blocks: Blocks;
  /** Its place in its blocks. */
  at: number;
}

export interface Source {
  root: Blocks;
  lines: Lines;
  /** Groups, where runs are grouped: null where they are not, undefined before the first answer. */
  groups: Group[] | null | undefined;
  /** How many groups there are beside those that are shown. */
  moreGroups: number;
  error: AskError | undefined;
  find(line: number): Found | undefined;
  /** The line of a run whose row is in memory. */
  lineOf(id: string): number | undefined;
  see(first: number, last: number): void;
  blocksOf(group: Group | null): Blocks;
  again(): void;
}

/** Outlives the table while one run is open over it: coming back shows the rows at once, where they were. */
export interface Memory {
  root: Blocks;
  top: number;
  left: number;
  /** The keyboard was in it when it was taken away. */
  focused: boolean;
}

const memories = new WeakMap<ViewStore, Memory>();

/** Rows are what is looked for: what else is asked comes after them. */
function askRows(transport: Transport, query: QueryState): AskPage {
  return (request, signal) => transport.ask("runs.page", request, { signal }).finally(query.urgent());
}

export function useMemory(): Memory {
  const { transport, query, view } = usePanel();
  let memory = memories.get(view);
  if (!memory) {
    const root = new Blocks(askRows(transport, query));
    memory = { root, top: 0, left: 0, focused: false };
    memories.set(view, memory);
  }
  return memory;
}

export function useSource(
  selection: Selection,
  sort: readonly string[],
  columns: readonly string[],
  ready: boolean,
  groupBy: string | null,
): Source {
  const { transport, query } = usePanel();
  const { root } = useMemory();
  const [drawn, redraw] = useReducer((count: number) => count + 1, 0);
  const revision = useRevision(EVERY);
  const unfolded = useView((view) => view.unfolded);
  const grouped = useGroups(selection, columns, groupBy, ready);
  const below = useRef(new Map<string, Blocks>());

  const blocksOf = useCallback(
    (group: Group | null): Blocks => {
      if (!group) return root;
      let own = below.current.get(group.where);
      if (!own) {
        own = new Blocks(askRows(transport, query), () => redraw());
        below.current.set(group.where, own);
      }
      return own;
    },
    [root, transport, query],
  );

  useEffect(() => {
    root.changed = () => redraw();
    root.news();
    return () => {
      root.changed = () => {};
      root.close();
      for (const own of below.current.values()) own.close();
    };
  }, [root]);
  useEffect(() => {
    if (!revision) return;
    root.news();
    for (const own of below.current.values()) own.news();
  }, [root, revision]);

  const question = useMemo((): Question => ({ selection, sort }), [selection, sort]);
  // A layout effect: it comes before the effects that say what is in sight.
  useLayoutEffect(() => {
    if (!ready) return;
    root.about(question, columns);
    for (const [where, own] of below.current) {
      if (!unfolded.has(where)) {
        own.close();
        below.current.delete(where);
      } else own.about(within(question, where), columns);
    }
  }, [root, question, columns, ready, unfolded]);

  const groups = groupBy ? grouped.data?.groups : null;
  return useMemo(() => {
    const lines = groups
      ? groupedLines(groups, unfolded, (group) => below.current.get(group.where)?.matched ?? group.runs)
      : plainLines(groupBy ? 0 : (root.matched ?? 0));
    const find = (at: number): Found | undefined => {
      const line = lines.line(at);
      if (!line) return undefined;
      if (line.kind === "group") return { line, row: undefined, blocks: root, at: -1 };
      const blocks = blocksOf(line.group);
      return { line, row: blocks.row(line.at), blocks, at: line.at };
    };
    const lineOf = (id: string) => {
      if (!groups) return root.placeOf(id);
      for (const group of groups) {
        const place = unfolded.has(group.where) ? below.current.get(group.where)?.placeOf(id) : undefined;
        if (place !== undefined) return lines.lineOf(place, group);
      }
      return undefined;
    };
    const see = (first: number, last: number) => {
      if (!groups) return root.see(first, last);
      const ranges = new Map<Group, [number, number]>();
      for (let at = first; at <= last; at++) {
        const line = lines.line(at);
        if (line?.kind !== "run" || !line.group) continue;
        const range = ranges.get(line.group);
        if (range) range[1] = line.at;
        else ranges.set(line.group, [line.at, line.at]);
      }
      for (const [group, [from, to]] of ranges) {
        const own = blocksOf(group);
        own.see(from, to);
        own.about(within(question, group.where), columns);
      }
    };
    const again = () => {
      root.news();
      grouped.again();
    };
    const moreGroups = groups ? Math.max(0, (grouped.data?.total ?? 0) - groups.length) : 0;
    const error = (root.error ?? (groupBy ? grouped.error : undefined)) as AskError | undefined;
    return { root, lines, groups, moreGroups, error, find, lineOf, see, blocksOf, again };
  }, [drawn, root, groups, grouped, groupBy, unfolded, blocksOf, question, columns]);
}

function within({ selection, sort }: Question, where: string): Question {
  return { selection: { ...selection, also: [...selection.also, where] }, sort };
}

/** The groups, in the order of the first sort key where that is theirs. */
function useGroups(selection: Selection, columns: readonly string[], by: string | null, ready: boolean) {
  const stats = useView((view) => view.stats);
  const sort = useView((view) => view.sort)[0];
  const metrics = useMemo(
    () => columns.flatMap((id) => (metricOf(id) ? withStat(id, stats).slice("metrics.".length) : [])),
    [columns, stats],
  );
  const key = sort && metricOf(sort.id) ? withStat(sort.id, stats).slice("metrics.".length) : "value";
  const known = key === "value" || metrics.includes(key);
  const order = (sort?.desc && (sort.id === by || key !== "value") ? "-" : "") + (known ? key : "value");
  return useAsk(
    "tables.groups",
    { ...selection, by: by ?? "", metrics, sort: order, limit: GROUPS },
    { off: !by || !ready, every: 1000 },
  );
}
