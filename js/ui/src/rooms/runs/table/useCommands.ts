// What the keys do.
import { type KeyboardEvent, useCallback } from "react";
import type { Group, RunRow } from "../../../contract";
import { usePanel } from "../../../state/panel";
import { type Command, commandOf } from "./keys";
import { ROW } from "./layout";
import type { Actions } from "./useActions";
import { type Cursor, HEADING } from "./useCursor";
import type { Selecting } from "./useSelecting";
import type { Table } from "./useTable";

interface Parts {
  table: Table;
  cursor: Cursor;
  selecting: Selecting;
  actions: Actions;
  edit: (row: RunRow, column: string) => void;
  fold: (group: Group, open?: boolean) => void;
  menu: () => void;
  help: () => void;
  onHeading: (event: KeyboardEvent<HTMLElement>) => boolean;
}

const EDITED = new Set(["name", "note", "tags"]);

export function useCommands({ table, cursor, selecting, actions, edit, fold, menu, help, onHeading }: Parts) {
  const { view } = usePanel();
  return useCallback(
    (event: KeyboardEvent<HTMLElement>) => {
      // What is typed into a field is that field's.
      if (event.target !== event.currentTarget && (event.target as HTMLElement).matches("input, textarea, select"))
        return;
      if (cursor.line === HEADING && onHeading(event)) return event.preventDefault();
      const command = commandOf(event);
      if (!command) return;
      const { source, viewport, head, seen } = table;
      const state = view.getState();
      const found = source.find(cursor.line);
      const row = found?.row;
      const group = found?.line.kind === "group" ? found.line.group : null;
      const column = seen[cursor.place];
      const page = Math.max(1, Math.floor((viewport.height - head) / ROW) - 1);
      const chosen = row && !state.selected.has(row.id) ? [row.id] : [...state.selected];
      const extend = (line: number) => {
        if (row && !state.selected.has(row.id)) selecting.toggle(cursor.line);
        cursor.go(line);
        void selecting.extend(Math.max(0, line));
      };
      const act: Record<Command, () => void> = {
        up: () => cursor.go(cursor.line - 1),
        down: () => cursor.go(cursor.line + 1),
        pageUp: () => cursor.go(Math.max(0, cursor.line - page)),
        pageDown: () => cursor.go(cursor.line + page),
        first: () => cursor.go(0),
        last: () => cursor.go(source.lines.count - 1),
        left: () => (group ? fold(group, false) : cursor.go(cursor.line, Math.max(0, cursor.place - 1))),
        right: () => (group ? fold(group, true) : cursor.go(cursor.line, Math.min(seen.length - 1, cursor.place + 1))),
        lineStart: () => cursor.go(cursor.line, 0),
        lineEnd: () => cursor.go(cursor.line, seen.length - 1),
        open: () => {
          if (group) fold(group);
          else if (row && column && column.id !== "name" && EDITED.has(column.id)) edit(row, column.id);
          else if (row) actions.open(row.id);
        },
        edit: () => row && edit(row, column && (EDITED.has(column.id) || column.kind === "tags") ? column.id : "name"),
        select: () => (group ? void selecting.group(group) : selecting.toggle(cursor.line)),
        extendUp: () => extend(cursor.line - 1),
        extendDown: () => extend(cursor.line + 1),
        all: () => void selecting.all(),
        clear: () => (state.selected.size ? selecting.clear() : state.solo && actions.solo(state.solo)),
        hide: () => chosen.length && actions.hide(chosen),
        solo: () => row && actions.solo(row.id),
        pin: () => row && actions.pin(row.id),
        baseline: () => row && actions.baseline(row.id),
        compare: () => {
          const runs =
            state.selected.size > 1 ? [...state.selected] : withOther(row?.id, state.selected, state.baseline);
          if (runs.length > 1) actions.compare(runs);
          else actions.note("Select two runs or more to compare them.", "Space selects, b sets a baseline.");
        },
        star: () => chosen.length && void actions.edit({ runs: chosen, starred: !row?.starred }, true),
        trash: () => {
          if (!chosen.length || state.trashed) return;
          void actions.trash(chosen).then((done) => done && selecting.clear());
        },
        filter: () => event.currentTarget.dispatchEvent(new CustomEvent("nbt-focus-filter", { bubbles: true })),
        help,
        menu: () => row && menu(),
        undo: () => actions.undo(),
      };
      // Escape is the full screen's, too, where there is nothing to clear here.
      if (command === "clear" && (state.selected.size || state.solo)) event.stopPropagation();
      event.preventDefault();
      act[command]();
    },
    [view, table, cursor, selecting, actions, edit, fold, menu, help, onHeading],
  );
}

/** The run the keyboard is on, against the one that is selected or the baseline. */
function withOther(id: string | undefined, selected: ReadonlySet<string>, baseline: string | null): string[] {
  const runs = new Set<string>();
  if (baseline && !selected.size) runs.add(baseline);
  for (const one of selected) runs.add(one);
  if (id) runs.add(id);
  return [...runs];
}
