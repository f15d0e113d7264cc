// One line in the chooser of columns, and the line above each group.
import type { CSSProperties, PointerEvent } from "react";
import { betterOf, type Column, metricOf, statFor } from "../../../lib/columns";
import { oneLine } from "../../../lib/format";
import { Icon } from "../../../parts/Icon";
import type { Stat } from "../../../state/view";
import { useSetView, useView } from "../../../state/view";
import type { Group } from "./ColumnList";

/** More columns at once than this would only make a table slow that nobody can read. */
const MANY = 300;

interface GroupProps {
  style: CSSProperties;
  group: Group;
  shown: number;
  onShow: (columns: readonly Column[], shown: boolean) => void;
}

export function GroupLine({ style, group, shown, onShow }: GroupProps) {
  const { title, columns } = group;
  const many = columns.length > MANY;
  return (
    <div className="nbt-column-group" style={style}>
      <strong>{title}</strong>
      <span className="nbt-dim">
        {shown.toLocaleString("en-US")} of {columns.length.toLocaleString("en-US")}
      </span>
      <span className="nbt-spring" />
      <button
        type="button"
        className="nbt-text-button"
        disabled={many || shown === columns.length}
        title={many ? `Search first: at most ${MANY} columns are shown at once` : undefined}
        aria-label={`Show all ${title.toLowerCase()}`}
        onClick={() => onShow(columns, true)}
      >
        Show all
      </button>
      <button
        type="button"
        className="nbt-text-button"
        disabled={shown === 0}
        aria-label={`Hide all ${title.toLowerCase()}`}
        onClick={() => onShow(columns, false)}
      >
        Hide all
      </button>
    </div>
  );
}

interface Props {
  style: CSSProperties;
  column: Column;
  shown: boolean;
  drop: "before" | "after" | undefined;
  dragged: boolean;
  onShow: (shown: boolean) => void;
  onMove: (by: 1 | -1) => void;
  onGrab: (event: PointerEvent<HTMLElement>) => void;
}

export function ColumnLine({ style, column, shown, drop, dragged, onShow, onMove, onGrab }: Props) {
  const { id, label } = column;
  const name = oneLine(label, 80);
  const classes = ["nbt-column-line", drop ? `nbt-drop-${drop}` : "", dragged ? "nbt-dragged" : ""];
  return (
    <div className={classes.filter(Boolean).join(" ")} style={style}>
      <button
        type="button"
        className="nbt-handle"
        data-handle={id}
        aria-label={`Move ${name}: up and down arrow`}
        title="Drag, or use the up and down arrow keys"
        onPointerDown={onGrab}
        onKeyDown={(event) => {
          if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
          event.preventDefault();
          onMove(event.key === "ArrowUp" ? -1 : 1);
        }}
      >
        <Icon name="drag" />
      </button>
      <label className="nbt-check" title={oneLine(label, 400)}>
        <input type="checkbox" checked={shown} onChange={(event) => onShow(event.currentTarget.checked)} />
        <span className="nbt-check-text">{name}</span>
      </label>
      {column.kind === "metrics" && <Summary column={column} name={name} />}
      <Hold id={id} name={name} onShow={onShow} />
    </div>
  );
}

const STATS: readonly Stat[] = ["last", "min", "max", "mean"];
const BETTER = {
  max: { sign: "↑", text: "higher is better", next: "min" },
  min: { sign: "↓", text: "lower is better", next: "none" },
  none: { sign: "·", text: "neither direction is better", next: "max" },
} as const;

/** What of a metric is shown, and which direction is better. */
function Summary({ column, name }: { column: Column; name: string }) {
  const metric = metricOf(column.id) ?? "";
  const stats = useView((view) => view.stats);
  const better = useView((view) => view.better);
  const set = useSetView();
  const now = BETTER[betterOf(column, better) ?? "none"];
  return (
    <>
      <select
        className="nbt-mini-select"
        aria-label={`What is shown of ${name}`}
        value={statFor(stats, metric)}
        onChange={(event) => set({ stats: { ...stats, [metric]: event.currentTarget.value as Stat } })}
      >
        {STATS.map((stat) => (
          <option key={stat} value={stat}>
            {stat}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="nbt-mini"
        aria-label={`${name}: ${now.text}; change`}
        title={`${now.text[0]?.toUpperCase()}${now.text.slice(1)}. Click to change.`}
        onClick={() => set({ better: { ...better, [metric]: now.next } })}
      >
        {now.sign}
      </button>
    </>
  );
}

/** Holds a column at the left, and shows it. */
function Hold({ id, name, onShow }: { id: string; name: string; onShow: (shown: boolean) => void }) {
  const pinned = useView((view) => view.pinnedColumns);
  const set = useSetView();
  const held = pinned.includes(id);
  const toggle = () => {
    if (!held) onShow(true);
    set({ pinnedColumns: held ? pinned.filter((one) => one !== id) : [...pinned, id] });
  };
  return (
    <button
      type="button"
      className="nbt-mini"
      aria-pressed={held}
      aria-label={`Hold ${name} at the left`}
      title={held ? "Let it scroll again" : "Hold at the left"}
      onClick={toggle}
    >
      <Icon name="pin" filled={held} />
    </button>
  );
}
