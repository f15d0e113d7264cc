// The table: headings, runs held at the top, the lines in sight; its keys, its clicks and its menus.
import {
  type MutableRefObject,
  type ReactNode,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { Group, RunRow } from "../../../contract";
import { useSetView, useView } from "../../../state/view";
import { Body, type Edited, HeldRuns } from "./Body";
import { EditCell } from "./EditCell";
import { Header } from "./Header";
import { KeysHelp } from "./KeysHelp";
import { type MenuPlace, RowMenu } from "./RowMenu";
import { useActions } from "./useActions";
import { useCommands } from "./useCommands";
import { HEADING, useCursor } from "./useCursor";
import { usePointer } from "./usePointer";
import { useSelecting } from "./useSelecting";
import { useMemory } from "./useSource";
import type { Table } from "./useTable";

interface Props {
  table: Table;
  box: MutableRefObject<HTMLElement | null>;
  /** Receives the element that scrolls. */
  onBox: (element: HTMLElement | null) => void;
  /** What is shown below the headings where there are no lines. */
  children?: ReactNode;
}

export function Grid({ table, box, onBox, children }: Props) {
  const uid = useId();
  const { source, layout, viewport, seen } = table;
  const actions = useActions();
  const cursor = useCursor(box, table);
  const selecting = useSelecting(table, actions);
  const [edited, setEdited] = useState<Edited | null>(null);
  const [menu, setMenu] = useState<MenuPlace | null>(null);
  const [help, setHelp] = useState(false);
  const corner = useRef<HTMLDivElement>(null);
  const headingKeys = useRef<((event: React.KeyboardEvent<HTMLElement>) => boolean) | null>(null);
  const now = useNow();
  useFocusBack(box);
  const chosen = useChosen(table);

  const fold = useFold(table);
  const edit = useCallback((row: RunRow, column: string) => setEdited({ id: row.id, column }), []);
  const focus = useCallback(() => box.current?.focus({ preventScroll: true }), [box]);
  const endEdit = useCallback(() => {
    setEdited(null);
    focus();
  }, [focus]);
  const endMenu = useCallback(() => {
    setMenu(null);
    focus();
  }, [focus]);
  const menuAt = useCallback(
    (row: RunRow, column: string, x: number, y: number) =>
      setMenu({ row, column: seen.find((one) => one.id === column), x, y }),
    [seen],
  );
  const endHelp = useCallback(() => {
    setHelp(false);
    focus();
  }, [focus]);
  const tagNames = table.all.filter((column) => column.kind === "tags").map((column) => column.label);
  const editor = (column: string, row: RunRow) => (
    <EditCell row={row} column={column} tagNames={tagNames} actions={actions} onEnd={endEdit} />
  );
  const openMenu = useCallback(() => {
    const row = source.find(cursor.line)?.row;
    const at = document.getElementById(`${uid}-${cursor.line}-${cursor.place}`)?.getBoundingClientRect();
    if (row) menuAt(row, seen[cursor.place]?.id ?? "", (at?.left ?? 0) + 12, at?.bottom ?? 0);
  }, [source, cursor, uid, seen, menuAt]);
  const command = useCommands({
    table,
    cursor,
    selecting,
    actions,
    edit,
    fold,
    menu: openMenu,
    help: () => setHelp(true),
    onHeading: (event) => headingKeys.current?.(event) ?? false,
  });
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    // What is typed before its field is there is lost rather than taken for a command.
    if (edited && event.target === event.currentTarget) return event.key === "Escape" ? endEdit() : undefined;
    return command(event);
  };
  const pointer = usePointer({ table, cursor, selecting, actions, edit, fold, menuAt });
  // Rows come while one scrolls, and headings need not be drawn again for that.
  const latest = useRef(selecting);
  latest.current = selecting;
  const onAll = useCallback(() => (chosen === "all" ? latest.current.clear() : void latest.current.all()), [chosen]);
  const heading = cursor.line === HEADING;
  const classes = ["nbt-table", viewport.scrolled && "nbt-scrolled", source.root.stale && "nbt-stale"];
  return (
    <>
      {/* A grid, and no <table>: only the rows in sight are in the page. The focus stays with it, and it names the cell
          that is active: a cell that has the focus itself would lose it when it is scrolled away. */}
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: one of two roles, which both have a label */}
      <div
        ref={onBox}
        role={source.groups === null ? "grid" : "treegrid"}
        aria-label="Runs"
        tabIndex={0}
        className={classes.filter(Boolean).join(" ")}
        style={{ scrollPadding: `${table.head}px 0 0 ${layout.heldWidth}px` }}
        aria-rowcount={source.lines.count + 1}
        aria-colcount={seen.length + 1}
        aria-multiselectable
        aria-busy={source.root.stale}
        aria-activedescendant={heading ? `${uid}-head-${cursor.place}` : `${uid}-${cursor.line}-${cursor.place}`}
        onScroll={table.onScroll}
        onKeyDown={onKeyDown}
        onClick={pointer.onClick}
        onDoubleClick={pointer.onDblClick}
        onContextMenu={pointer.onContextMenu}
        onMouseDown={pointer.onMouseDown}
        onPointerOver={pointer.onPointerOver}
        onPointerLeave={pointer.onPointerLeave}
      >
        <div className="nbt-table-head" role="presentation" style={{ width: layout.width }}>
          <Header
            columns={table.columns}
            layout={layout}
            from={viewport.columns[0]}
            to={viewport.columns[1]}
            active={heading ? cursor.place : -1}
            uid={uid}
            box={box}
            chosen={chosen}
            onAll={onAll}
            keys={headingKeys}
            onFocus={focus}
          />
          <HeldRuns table={table} uid={uid} now={now} edited={edited} editor={editor} />
        </div>
        <Body table={table} cursor={cursor} selecting={selecting} uid={uid} now={now} edited={edited} editor={editor} />
        {children}
      </div>
      <div ref={corner} className="nbt-corner" />
      {menu && <RowMenu at={menu} actions={actions} edit={edit} onClose={endMenu} />}
      {help && <KeysHelp anchor={corner} onClose={endHelp} />}
    </>
  );
}

/** Coming back from a run that was opened, the keyboard is where it was. */
function useFocusBack(box: MutableRefObject<HTMLElement | null>): void {
  const memory = useMemory();
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    const free = document.activeElement === null || document.activeElement === document.body;
    if (memory.focused && free) own.focus({ preventScroll: true });
    memory.focused = false;
    return () => {
      memory.focused = own.contains(document.activeElement);
    };
  }, [box, memory]);
}

function useFold({ source }: Table) {
  const set = useSetView();
  const unfolded = useView((view) => view.unfolded);
  return useCallback(
    (group: Group, open = !unfolded.has(group.where)) => {
      const next = new Set(unfolded);
      if (open) next.add(group.where);
      else next.delete(group.where);
      set({ unfolded: next });
      source.blocksOf(group);
    },
    [source, unfolded, set],
  );
}

function useChosen({ source }: Table): "none" | "some" | "all" {
  const count = useView((view) => view.selected.size);
  if (!count) return "none";
  return count >= (source.root.matched ?? 0) ? "all" : "some";
}

/** Seconds, for "3 min ago", a little behind. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), 20_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
