// What clicks do. One listener for the whole table: its rows have hundreds of cells.
import { type MouseEvent, type PointerEvent, useMemo } from "react";
import type { Group, RunRow } from "../../../contract";
import { usePanel } from "../../../state/panel";
import type { Actions } from "./useActions";
import type { Cursor } from "./useCursor";
import type { Selecting } from "./useSelecting";
import type { Table } from "./useTable";

interface Parts {
  table: Table;
  cursor: Cursor;
  selecting: Selecting;
  actions: Actions;
  edit: (row: RunRow, column: string) => void;
  fold: (group: Group, open?: boolean) => void;
  menuAt: (row: RunRow, column: string, x: number, y: number) => void;
}

interface Hit {
  row: RunRow | undefined;
  group: Group | null;
  /** -1 for a row held at the top. */
  line: number;
  column: string;
  act: string | undefined;
  button: HTMLElement | null;
}

export function usePointer({ table, cursor, selecting, actions, edit, fold, menuAt }: Parts) {
  const { view } = usePanel();
  return useMemo(() => {
    const hit = (event: { target: EventTarget | null }): Hit | null => {
      const target = event.target as HTMLElement;
      const line = target.closest<HTMLElement>(".nbt-row");
      if (!line) return null;
      const held = line.dataset.top !== undefined;
      const at = Number(line.dataset.line);
      const found = held ? undefined : table.source.find(at);
      const row = held ? table.held.find((one) => one.id === line.dataset.run) : found?.row;
      const button = target.closest<HTMLElement>("[data-act]");
      const column = target.closest<HTMLElement>("[data-col]")?.dataset.col ?? "";
      const group = found?.line.kind === "group" ? found.line.group : null;
      return { row, group, line: held ? -1 : at, column, act: button?.dataset.act, button };
    };
    const onRun = ({ row, line, act, button, column }: Hit, event: MouseEvent): void => {
      if (!row) return;
      const place = table.seen.findIndex((one) => one.id === column);
      if (line >= 0) cursor.go(line, place < 0 ? undefined : place);
      const runs = [row.id];
      if (act === "select" && line < 0) selecting.toggleRun(row.id);
      else if (act === "select") event.shiftKey ? void selecting.extend(line) : selecting.toggle(line);
      else if (act === "eye") event.altKey ? actions.solo(row.id) : actions.hide(runs);
      else if (act === "star") void actions.edit({ runs, starred: !row.starred }, true);
      else if (act === "rename") edit(row, "name");
      else if (act === "tag") edit(row, "tags");
      else if (act === "untag") void actions.edit({ runs, tags: { [button?.dataset.tag ?? ""]: null } });
      else if (act === "menu") {
        const at = button?.getBoundingClientRect();
        menuAt(row, column, at?.left ?? event.clientX, at?.bottom ?? event.clientY);
      } else if (line >= 0 && event.shiftKey) void selecting.extend(line);
      else if (line >= 0 && (event.ctrlKey || event.metaKey)) selecting.toggle(line);
      else if (act === "open") actions.open(row.id);
    };
    return {
      onClick: (event: MouseEvent<HTMLElement>) => {
        const found = hit(event);
        if (!found || (event.target as HTMLElement).closest("input, textarea")) return;
        if (!found.group) return onRun(found, event);
        cursor.go(found.line);
        if (found.act === "select") void selecting.group(found.group);
        else fold(found.group);
      },
      onDblClick: (event: MouseEvent<HTMLElement>) => {
        const found = hit(event);
        if (!found?.row || found.act || (event.target as HTMLElement).closest("input, textarea")) return;
        if (found.column === "name" || found.column === "note" || found.column.startsWith("tags"))
          edit(found.row, found.column);
      },
      onContextMenu: (event: MouseEvent<HTMLElement>) => {
        const found = hit(event);
        if (!found?.row || (event.target as HTMLElement).closest("input, textarea")) return;
        event.preventDefault();
        if (found.line >= 0) cursor.go(found.line);
        menuAt(found.row, found.column, event.clientX, event.clientY);
      },
      // A stretch of rows is selected, not their text; the keyboard stays with the table.
      onMouseDown: (event: MouseEvent<HTMLElement>) => {
        if ((event.target as HTMLElement).closest("input, textarea")) return;
        const acts = (event.target as HTMLElement).closest("[data-act]");
        if (event.shiftKey || acts) event.preventDefault();
        event.currentTarget.focus({ preventScroll: true });
      },
      onPointerOver: (event: PointerEvent<HTMLElement>) => {
        const id = (event.target as HTMLElement).closest<HTMLElement>(".nbt-row")?.dataset.run ?? null;
        if (view.getState().hover !== id) view.getState().set({ hover: id });
      },
      onPointerLeave: () => view.getState().hover !== null && view.getState().set({ hover: null }),
    };
  }, [view, table, cursor, selecting, actions, edit, fold, menuAt]);
}
