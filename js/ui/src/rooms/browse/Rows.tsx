// The rows: only those in sight are drawn, and those near to them. The keyboard goes through all of them.
import {
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Directions, type Memory, useBrowse } from "./memory";
import { ROW, Row, type RowEvents } from "./Row";
import type { Picking } from "./usePicking";

const OVER = 6; // rows drawn beside those in sight
const UNSEEN = 14; // rows that are in sight as long as nobody knows how many

interface Props {
  id: string;
  memory: Memory;
  now: number;
  directions: Directions;
  picking: Picking;
  renaming: string | null;
  events: Omit<RowEvents, "press">;
  onKey: (event: KeyboardEvent<HTMLElement>, id: string | null) => boolean;
}

export function Rows({ id, memory, now, directions, picking, renaming, events, onKey }: Props) {
  const { list } = memory;
  const box = useRef<HTMLDivElement>(null);
  const count = list.matched ?? 0;
  const { from, to, look } = useSight(box, memory, count);
  const active = useBrowse(memory, (one) => one.active);
  const selected = useBrowse(memory, (one) => one.selected);
  const place = active === null ? undefined : list.placeOf(active);

  const { star, open, menu, rename } = events;
  const press = picking.press;
  const own = useMemo((): RowEvents => ({ press, star, open, menu, rename }), [press, star, open, menu, rename]);

  const go = (wanted: number) => {
    const next = Math.max(0, Math.min(wanted, count - 1));
    const top = box.current;
    if (top) {
      if (next * ROW < top.scrollTop) top.scrollTop = next * ROW;
      else if ((next + 1) * ROW > top.scrollTop + top.clientHeight) top.scrollTop = (next + 1) * ROW - top.clientHeight;
    }
    look();
    picking.go(next);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? ROW) / ROW) - 1);
    const at = place ?? -1;
    const goes: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: count - 1,
    };
    const next = goes[event.key];
    if (next !== undefined && count && !event.altKey && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      if (event.shiftKey) void picking.extend(Math.max(0, Math.min(next, count - 1)), Math.max(at, 0));
      go(next);
    } else if (onKey(event, active)) event.preventDefault();
  };

  const rows = [];
  for (let at = from; at < to; at++) {
    const held = list.at(at);
    rows.push(
      held ? (
        <Row
          key={held.row.id}
          id={`${id}-${held.row.id}`}
          held={held}
          index={at}
          now={now}
          active={held.row.id === active}
          selected={selected.has(held.row.id)}
          renaming={held.row.id === renaming}
          directions={directions}
          events={own}
        />
      ) : (
        <div
          key={at}
          className="nbt-side-row nbt-side-waits"
          style={{ top: at * ROW, height: ROW }}
          aria-hidden="true"
        />
      ),
    );
  }
  return (
    <div
      ref={box}
      role="grid"
      aria-label="Runs"
      aria-multiselectable="true"
      aria-rowcount={count}
      aria-activedescendant={place !== undefined && place >= from && place < to ? `${id}-${active}` : undefined}
      aria-busy={list.stale}
      tabIndex={0}
      className={["nbt-side-list", list.stale && !list.mistake && "nbt-stale", selected.size > 1 && "nbt-many"]
        .filter(Boolean)
        .join(" ")}
      onScroll={look}
      onMouseDown={(event) => {
        const target = event.target as Element;
        // A double click opens a run; it selects no word of its row.
        if (event.detail > 1 && !target.closest("input")) event.preventDefault();
        // The buttons of a row leave the keyboard to the rows.
        if (!target.closest("button")) return;
        event.preventDefault();
        box.current?.focus({ preventScroll: true });
      }}
      onKeyDown={onKeyDown}
    >
      <div role="rowgroup" className="nbt-side-rows" style={{ height: count * ROW }}>
        {rows}
      </div>
    </div>
  );
}

/** Which rows are in sight. It changes in steps, so that most scroll events draw nothing. */
function useSight(box: RefObject<HTMLDivElement | null>, memory: Memory, count: number) {
  const { list } = memory;
  const [place, setPlace] = useState({ top: memory.top, height: 0 });
  const look = useCallback(() => {
    const own = box.current;
    if (!own) return;
    const top = Math.floor(own.scrollTop / ROW) * ROW;
    const height = own.clientHeight;
    if (height) memory.top = own.scrollTop;
    setPlace((now) => (now.top === top && now.height === height ? now : { top, height }));
  }, [box, memory]);
  // Where it was when its project was left; the rows of another question begin at their top.
  const turns = useRef(list.turns);
  const restored = useRef(false);
  useLayoutEffect(() => {
    const own = box.current;
    if (!own || !count) return;
    if (!restored.current) own.scrollTop = memory.top;
    else if (turns.current !== list.turns) own.scrollTop = 0;
    restored.current = true;
    turns.current = list.turns;
    look();
  }, [box, memory, count, list.turns, look]);
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    look();
    const sized = new ResizeObserver(look);
    sized.observe(own);
    return () => sized.disconnect();
  }, [box, look]);
  const first = Math.min(Math.floor(place.top / ROW), Math.max(0, count - 1));
  const last = first + (place.height ? Math.ceil(place.height / ROW) : UNSEEN);
  useEffect(() => list.see(first, last), [list, first, last]);
  return { from: Math.max(0, first - OVER), to: Math.min(count, last + OVER), look };
}
