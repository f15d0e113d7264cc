// One run on its line.
import { memo } from "react";
import type { RunRow } from "../../../contract";
import { Icon } from "../../../parts/Icon";
import { type Content, cell } from "./cells";
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
  const { row, line, top, layout, from, to, selected, closed, hovered, active, deep, look } = props;
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
      aria-rowindex={line < 0 ? undefined : line + 2}
      aria-selected={selected}
      aria-level={deep ? 2 : undefined}
      data-line={line}
      data-run={row?.id}
      data-top={top === null ? "" : undefined}
    >
      <div className="nbt-held" role="presentation" style={{ width: layout.heldWidth }}>
        {leadOf(props)}
        {layout.held.map((placed) => cellOf(placed, props))}
      </div>
      {layout.free.slice(from, to).map((placed) => cellOf(placed, props))}
    </div>
  );
});

/** No component of its own: a table has hundreds of them. */
function cellOf({ column, left, width, place }: Placed, props: RowProps) {
  const { row, active, uid, line, edited, editor } = props;
  const here = active === place;
  const field = row && edited === column.id && editor ? editor(column.id, row) : null;
  const { shown, title, look }: Content = field
    ? { shown: field, look: "nbt-flex nbt-editing" }
    : row
      ? cell(column, width, { ...props, row })
      : WAITING;
  const classes = `nbt-cell nbt-cell-${column.kind === "meta" ? column.id : column.kind}`;
  return (
    <div
      key={column.id}
      role="gridcell"
      id={here ? `${uid}-${line}-${place}` : undefined}
      className={`${classes}${column.numeric ? " nbt-numeric" : ""}${here ? " nbt-here" : ""}${look ? ` ${look}` : ""}`}
      // A field has room to type in; it lies over its neighbours.
      style={{ left, width: field ? Math.max(width, column.id === "tags" ? 380 : 260) : width }}
      aria-colindex={place + 2}
      data-col={column.id}
      title={title}
    >
      {shown}
    </div>
  );
}

const WAITING: Content = { shown: <span className="nbt-bone" /> };

/** What every row begins with: checkbox, eye and star. */
function leadOf({ row, selected, closed, pinned, hovered, active }: RowProps) {
  const name = row?.name ?? "";
  const starred = row?.starred ?? false;
  return (
    <div className="nbt-lead" role="gridcell" aria-colindex={1}>
      <button
        type="button"
        tabIndex={-1}
        className="nbt-tick"
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
        className={`nbt-cell-button nbt-star${starred ? " nbt-on" : ""}`}
        data-act="star"
        aria-pressed={starred}
        aria-label={`Star ${name}`}
        title={starred ? "Take the star off (s)" : "Star (s)"}
      >
        {(starred || hovered || active >= 0) && <Icon name="star" filled={starred} />}
      </button>
      {pinned && (
        <span className="nbt-pinned" title="Kept at the top (p)">
          <Icon name="pin" />
        </span>
      )}
    </div>
  );
}
