// The list in the chooser of columns. Ten thousand names are as quick as ten: only those in sight are in the page.
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { inOrder, moved } from "../../../lib/arrange";
import type { Column, ColumnKind } from "../../../lib/columns";
import { useSetView } from "../../../state/view";
import { ColumnLine, GroupLine } from "./ColumnLine";
import { useDragOrder } from "./useDragOrder";

export interface Group {
  kind: ColumnKind;
  title: string;
  columns: Column[];
}

type Line = { group: Group; column?: undefined } | { group: Group; column: Column; at: number };

interface Props {
  all: readonly Column[];
  groups: readonly Group[];
  order: readonly string[];
  visible: Readonly<Record<string, boolean>>;
  first: ReadonlySet<string>;
  searching: boolean;
}

export const LINE = 28; // pixels, the same in toolbar.css
const BEYOND = 6;
const UNSEEN = 420; // the height before it is measured

export function ColumnList({ all, groups, order, visible, first, searching }: Props) {
  const set = useSetView();
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [said, setSaid] = useState("");
  const lines = useMemo(
    () =>
      groups.flatMap((group): Line[] => [
        { group },
        ...group.columns.map((column, at): Line => ({ group, column, at })),
      ]),
    [groups],
  );
  const isShown = useCallback((id: string) => visible[id] ?? first.has(id), [visible, first]);
  const show = useCallback(
    (columns: readonly Column[], shown: boolean) => {
      const changes = columns.map(({ id }) => [id, shown] as const);
      set({ visible: { ...visible, ...Object.fromEntries(changes) } });
    },
    [set, visible],
  );
  const put = useCallback(
    (group: Group, from: number, to: number) => {
      const column = group.columns[from];
      if (!column || to < 0 || to > group.columns.length || to === from || to === from + 1) return;
      const last = group.columns.at(-1);
      const before = group.columns[to]?.id ?? (last ? after(all, order, last.id) : null);
      set({ order: moved(all, order, column.id, before) });
      setSaid(`${column.label}, ${to > from ? to : to + 1} of ${group.columns.length}`);
    },
    [all, order, set],
  );
  const drag = useDragOrder(box, LINE, put);
  // A line that was moved by its handle's keys keeps the keyboard, wherever it went.
  const follow = useRef<string | null>(null);
  useLayoutEffect(() => {
    const handles = [...(box.current?.querySelectorAll<HTMLElement>("[data-handle]") ?? [])];
    if (follow.current !== null) handles.find((one) => one.dataset.handle === follow.current)?.focus();
    follow.current = null;
  });

  const height = box.current?.clientHeight || UNSEEN;
  const from = Math.max(0, Math.floor(top / LINE) - BEYOND);
  const to = Math.min(lines.length, Math.ceil((top + height) / LINE) + BEYOND);
  if (!lines.length)
    return <p className="nbt-chooser-none">{searching ? "No column has this name." : "No columns."}</p>;
  return (
    <>
      <div ref={box} className="nbt-chooser-list" onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div style={{ height: lines.length * LINE, position: "relative" }}>
          {lines.slice(from, to).map((line, offset) => {
            const style = { top: (from + offset) * LINE };
            if (!line.column) {
              const shown = line.group.columns.filter(({ id }) => isShown(id)).length;
              return <GroupLine key={line.group.kind} style={style} group={line.group} shown={shown} onShow={show} />;
            }
            const { column, group, at } = line;
            return (
              <ColumnLine
                key={column.id}
                style={style}
                column={column}
                shown={isShown(column.id)}
                drop={drag.mark(group.kind, at, group.columns.length)}
                dragged={drag.isDragged(column.id)}
                onShow={(shown) => show([column], shown)}
                onMove={(by) => {
                  follow.current = column.id;
                  put(group, at, by > 0 ? at + 2 : at - 1);
                }}
                onGrab={(event) => drag.grab(event, group, at)}
              />
            );
          })}
        </div>
      </div>
      <output className="nbt-sr" aria-live="polite">
        {said}
      </output>
    </>
  );
}

/** The column that follows another in the order of all of them. */
function after(all: readonly Column[], order: readonly string[], id: string): string | null {
  const full = inOrder(all, order);
  return full[full.findIndex((column) => column.id === id) + 1]?.id ?? null;
}
