// The headings: a slim band that says what the columns are, and below it one heading per column.
import { type MutableRefObject, memo, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { betterOf, type Column, type ColumnKind, statFor } from "../../../lib/columns";
import { Icon } from "../../../parts/Icon";
import { useSetView, useView } from "../../../state/view";
import { HeaderMenu } from "./HeaderMenu";
import type { Layout, Placed } from "./layout";
import { clicked, firstDirection } from "./sorting";
import { type ColumnDrag, useColumnDrag } from "./useColumnDrag";
import type { TableColumns } from "./useColumns";

// What a run is needs no name of its own.
const KINDS: Record<ColumnKind, string> = { meta: "", metrics: "metrics", params: "params", tags: "tags" };

interface Props {
  columns: TableColumns;
  layout: Layout;
  from: number;
  to: number;
  /** The column the keyboard is on, if it is on the headings; -1: it is not. */
  active: number;
  uid: string;
  box: MutableRefObject<HTMLElement | null>;
  /** Whether none, some or all of the runs are selected. */
  chosen: "none" | "some" | "all";
  onAll: () => void;
  /** What the keys do on a heading; set from here. */
  keys: MutableRefObject<((event: React.KeyboardEvent<HTMLElement>) => boolean) | null>;
  /** Gives the focus back to the table. */
  onFocus: () => void;
}

export const Header = memo(function Header(props: Props) {
  const { columns, layout, from, to, active, uid, box, chosen, onAll, keys, onFocus } = props;
  const sort = useView((view) => view.sort);
  const chosenWay = useView((view) => view.better);
  const set = useSetView();
  const [menu, setMenu] = useState<string | null>(null);
  const anchor = useRef<HTMLElement | null>(null);
  const drag = useColumnDrag({ columns, layout, box });
  const heldBands = useMemo(() => bands(layout.held), [layout]);
  const freeBands = useMemo(() => bands(layout.free), [layout]);

  const onSort = useCallback(
    (column: Column, add: boolean) => {
      if (column.id === "tags") return;
      const first = firstDirection(betterOf(column, chosenWay), column.kind === "metrics");
      set({ sort: clicked(sort, column.id, first, add) });
    },
    [sort, chosenWay, set],
  );
  const openMenu = useCallback((column: Column, at: HTMLElement | null) => {
    anchor.current = at;
    setMenu(column.id);
  }, []);

  const at = layout.held[active] ?? layout.free[active - layout.held.length];
  useEffect(() => {
    keys.current = (event) => {
      if (!at) return false;
      const { column } = at;
      if (event.key === "Enter" || event.key === " ") onSort(column, event.shiftKey);
      else if (event.key === "ContextMenu" || event.key === "F2" || (event.altKey && event.key === "ArrowDown"))
        openMenu(column, document.getElementById(`${uid}-head-${at.place}`));
      else if (event.altKey && event.key === "ArrowLeft") drag.step(at, -1);
      else if (event.altKey && event.key === "ArrowRight") drag.step(at, 1);
      else if (event.shiftKey && event.key === "ArrowLeft") drag.grow(at, -16);
      else if (event.shiftKey && event.key === "ArrowRight") drag.grow(at, 16);
      else return false;
      return true;
    };
  }, [keys, at, onSort, openMenu, drag, uid]);

  const heading = (one: Placed) => {
    const key = sort.findIndex(({ id }) => id === one.column.id);
    return (
      <Heading
        key={one.column.id}
        placed={one}
        sorted={key < 0 ? null : { desc: sort[key]?.desc ?? false, number: sort.length > 1 ? key + 1 : 0 }}
        id={active === one.place ? `${uid}-head-${one.place}` : undefined}
        open={menu === one.column.id}
        drag={drag}
        onSort={onSort}
        onMenu={openMenu}
      />
    );
  };
  const menuColumn = menu === null ? undefined : columns.seen.find((one) => one.id === menu);
  return (
    <>
      <div className="nbt-band" aria-hidden="true" style={{ width: layout.width }}>
        <div className="nbt-held" style={{ width: layout.heldWidth }}>
          {heldBands.map((band) => (
            <Band key={band.left} {...band} />
          ))}
        </div>
        {freeBands.map((band) => (
          <Band key={band.left} {...band} stick={layout.heldWidth} />
        ))}
      </div>
      <div role="rowgroup">
        <div className="nbt-headings" role="row" aria-rowindex={1} style={{ width: layout.width }}>
          <div className="nbt-held" role="presentation" style={{ width: layout.heldWidth }}>
            <div className="nbt-lead" role="columnheader" aria-colindex={1} aria-label="Selection">
              <button
                type="button"
                role="checkbox"
                tabIndex={-1}
                className="nbt-tick"
                aria-checked={chosen === "some" ? "mixed" : chosen === "all"}
                aria-label="Select all runs"
                title="Select all runs (Ctrl A)"
                onClick={onAll}
              >
                {chosen !== "none" && <Icon name={chosen === "all" ? "check" : "minus"} />}
              </button>
            </div>
            {layout.held.map(heading)}
          </div>
          {layout.free.slice(from, to).map(heading)}
          {drag.mark !== null && <div className="nbt-drop" style={{ left: drag.mark }} />}
        </div>
      </div>
      {menuColumn && (
        <HeaderMenu
          column={menuColumn}
          anchor={anchor}
          onClose={() => {
            setMenu(null);
            onFocus();
          }}
          onFit={() => drag.fit(menuColumn.id)}
        />
      )}
    </>
  );
});

interface HeadingProps {
  placed: Placed;
  sorted: { desc: boolean; number: number } | null;
  id: string | undefined;
  open: boolean;
  drag: ColumnDrag;
  onSort: (column: Column, add: boolean) => void;
  onMenu: (column: Column, at: HTMLElement | null) => void;
}

function Heading({ placed, sorted, id, open, drag, onSort, onMenu }: HeadingProps) {
  const { column, left, width, place } = placed;
  const stat = useView((view) => statFor(view.stats, column.label));
  const chosen = useView((view) => view.better);
  const way = column.kind === "metrics" ? betterOf(column, chosen) : null;
  const shown = column.kind === "metrics" && stat !== "last" ? stat : null;
  const classes = [
    "nbt-th",
    column.numeric && "nbt-numeric",
    sorted && "nbt-is-sorted",
    id && "nbt-here",
    open && "nbt-is-open",
    drag.dragged === column.id && "nbt-is-dragged",
  ];
  return (
    <div
      role="columnheader"
      id={id}
      className={classes.filter(Boolean).join(" ")}
      style={{ left, width }}
      aria-colindex={place + 2}
      aria-sort={sorted ? (sorted.desc ? "descending" : "ascending") : "none"}
      data-col={column.id}
      title={`${column.label}${way ? ` (${way === "min" ? "less" : "more"} is better)` : ""}`}
      onClick={(event) => !drag.moved() && onSort(column, event.shiftKey)}
      onPointerDown={(event) => drag.grab(event, placed)}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(column, event.currentTarget);
      }}
    >
      <span className="nbt-th-label">{column.label}</span>
      {shown && <span className="nbt-th-stat">{shown}</span>}
      {way && <span className="nbt-th-way">{way === "min" ? "↓" : "↑"}</span>}
      {sorted && (
        <span className="nbt-th-sort">
          <Icon name={sorted.desc ? "down" : "up"} />
          {sorted.number || null}
        </span>
      )}
      <button
        type="button"
        tabIndex={-1}
        className="nbt-th-menu"
        aria-label={`Menu of ${column.label}`}
        aria-haspopup="menu"
        onClick={(event) => {
          event.stopPropagation();
          onMenu(column, event.currentTarget);
        }}
      >
        <Icon name="more" />
      </button>
      <span
        className="nbt-th-size"
        onPointerDown={(event) => drag.size(event, placed)}
        onClick={(event) => event.stopPropagation()}
        onDoubleClick={(event) => {
          event.stopPropagation();
          drag.fit(column.id);
        }}
      />
    </div>
  );
}

interface BandPlace {
  kind: ColumnKind;
  left: number;
  width: number;
  stick?: number;
}

function Band({ kind, left, width, stick }: BandPlace) {
  return (
    <div className={`nbt-band-part nbt-band-${kind}`} style={{ left, width }}>
      <span style={stick === undefined ? undefined : { left: stick + 8 }}>{KINDS[kind]}</span>
    </div>
  );
}

/** Neighbours of one kind. */
export function bands(placed: readonly Placed[]): BandPlace[] {
  const found: BandPlace[] = [];
  for (const { column, left, width } of placed) {
    const latest = found.at(-1);
    if (latest?.kind === column.kind) latest.width += width;
    else found.push({ kind: column.kind, left, width });
  }
  return found;
}
