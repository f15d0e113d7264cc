// One run on its line.
import { memo } from "react";
import type { RunRow } from "../../../contract";
import { Icon } from "../../../parts/Icon";
import { cell } from "./cells";
import type { Layout, Placed } from "./layout";
import type { Look } from "./look";

export interface RowProps {
  /** Undefined while it is not there yet. */
  row: RunRow | undefined;
  line: number;
  top: number | null;
  layout: Layout;
  /** The columns in sight. */
  from: number;
  to: number;
  look: Look;
  came: number;
  now: number;
  selected: boolean;
  closed: boolean;
  hovered: boolean;
  pinned: boolean;
  deep: boolean;
  /** The column the keyboard is on, by its place; -1: another row's. */
  active: number;
  /** For the ids of its cells. */
  uid: string;
  /** What is edited in it: the column, and the field. */
  edited: string | null;
  editor: ((column: string, row: RunRow) => React.ReactNode) | null;
}

export const Row = memo(function Row(props: RowProps) {
  const { row, line, top, layout, from, to, selected, closed, hovered, pinned, active, deep, look } = props;
  const classes = [
    "nbt-row",
    selected && "nbt-is-selected",
    closed && "nbt-is-closed",
    hovered && "nbt-is-hovered",
    active >= 0 && "nbt-is-active",
    deep && "nbt-is-deep",
    row && look.baseline?.id === row.id && "nbt-is-baseline",
    !row && "nbt-is-waiting",
  ];
  const style = { width: layout.width, ...(top === null ? { position: "relative" as const } : { top }) };
  return (
    <div
      role="row"
      className={classes.filter(Boolean).join(" ")}
      style={style}
      aria-rowindex={line + 2}
      aria-selected={selected}
      data-line={line}
      data-run={row?.id}
      data-top={top === null ? "" : undefined}
    >
      <div className="nbt-held" role="presentation" style={{ width: layout.heldWidth }}>
        <Lead row={row} selected={selected} closed={closed} pinned={pinned} />
        {layout.held.map((placed) => (
          <Cell key={placed.column.id} placed={placed} props={props} />
        ))}
      </div>
      {layout.free.slice(from, to).map((placed) => (
        <Cell key={placed.column.id} placed={placed} props={props} />
      ))}
    </div>
  );
});

function Cell({ placed, props }: { placed: Placed; props: RowProps }) {
  const { column, left, width, place } = placed;
  const { row, active, uid, line, edited } = props;
  const here = active === place;
  const editing = edited === column.id && row && props.editor;
  // A field has room to type in; it lies over its neighbours.
  const wide = editing ? Math.max(width, column.id === "tags" ? 380 : 260) : width;
  const kind = column.kind === "meta" ? column.id : column.kind;
  return (
    <div
      role="gridcell"
      id={here ? `${uid}-${line}-${place}` : undefined}
      className={`nbt-cell nbt-cell-${kind}${column.numeric ? " nbt-numeric" : ""}${here ? " nbt-here" : ""}${editing ? " nbt-editing" : ""}`}
      style={{ left, width: wide }}
      aria-colindex={place + 2}
      data-col={column.id}
    >
      {!row ? (
        <span className="nbt-bone" />
      ) : editing ? (
        editing(column.id, row)
      ) : (
        cell(column, width, { ...props, row })
      )}
    </div>
  );
}

function Lead({
  row,
  selected,
  closed,
  pinned,
}: {
  row: RunRow | undefined;
  selected: boolean;
  closed: boolean;
  pinned: boolean;
}) {
  const name = row?.name ?? "";
  return (
    <div className="nbt-lead" role="gridcell" aria-colindex={1}>
      <button
        type="button"
        tabIndex={-1}
        className="nbt-box"
        data-act="select"
        role="checkbox"
        aria-checked={selected}
        aria-label={`Select ${name}`}
      >
        {selected && <Icon name="check" />}
      </button>
      <button
        type="button"
        tabIndex={-1}
        className="nbt-cell-button nbt-eye"
        data-act="eye"
        aria-pressed={!closed}
        aria-label={`Show ${name} in the charts`}
        title={closed ? "Show in the charts (x)" : "Hide from the charts (x); with Alt: show only this run"}
      >
        <Icon name={closed ? "eye-off" : "eye"} />
      </button>
      <button
        type="button"
        tabIndex={-1}
        className={`nbt-cell-button nbt-star${row?.starred ? " nbt-on" : ""}`}
        data-act="star"
        aria-pressed={row?.starred ?? false}
        aria-label={`Star ${name}`}
        title={row?.starred ? "Take the star off (s)" : "Star (s)"}
      >
        <Icon name="star" filled={row?.starred} />
      </button>
      {pinned && (
        <span className="nbt-pinned" title="Kept at the top (p)">
          <Icon name="pin" />
        </span>
      )}
    </div>
  );
}
