// A line that stands for a group of runs: what they share, how many they are, mean and spread of each metric.
import { memo } from "react";
import type { Group, Spread } from "../../../contract";
import { metricOf } from "../../../lib/columns";
import { number, plural, toNumber, value } from "../../../lib/format";
import { Icon } from "../../../parts/Icon";
import { withStat } from "../../../state/runs";
import type { Layout, Placed } from "./layout";
import type { Look } from "./look";

interface Props {
  group: Group;
  by: string;
  line: number;
  top: number;
  layout: Layout;
  from: number;
  to: number;
  look: Look;
  open: boolean;
  /** All of its runs are selected. */
  chosen: boolean;
  active: number;
  /** The best mean of each metric among the groups. */
  best: ReadonlyMap<string, number>;
  uid: string;
}

export const GroupRow = memo(function GroupRow(props: Props) {
  const { group, by, line, top, layout, from, to, open, chosen, active } = props;
  const label = by.includes(".") ? by.slice(by.indexOf(".") + 1) : by;
  const shared = group.value === null ? "none" : value(group.value);
  return (
    <div
      role="row"
      className={`nbt-row nbt-group${active >= 0 ? " nbt-is-active" : ""}`}
      style={{ top, width: layout.width }}
      aria-rowindex={line + 2}
      aria-expanded={open}
      aria-level={1}
      data-line={line}
    >
      <div className="nbt-held" role="presentation" style={{ width: layout.heldWidth }}>
        <div
          className="nbt-group-head"
          role="gridcell"
          aria-colindex={1}
          id={active >= 0 ? `${props.uid}-${line}-${active}` : undefined}
        >
          <button
            type="button"
            role="checkbox"
            tabIndex={-1}
            className="nbt-tick"
            data-act="select"
            aria-checked={chosen}
            aria-label={`Select the runs with ${label} ${shared}`}
          >
            {chosen && <Icon name="check" />}
          </button>
          <button
            type="button"
            tabIndex={-1}
            className="nbt-cell-button nbt-group-fold"
            data-act="fold"
            aria-label={open ? "Fold" : "Unfold"}
          >
            <Icon name={open ? "down" : "right"} />
          </button>
          <span className="nbt-group-by">{label}</span>
          <strong className={group.value === null ? "nbt-dim" : ""} title={shared}>
            {shared}
          </strong>
          <span className="nbt-group-count">{plural(group.runs, "run")}</span>
        </div>
      </div>
      {layout.free.slice(from, to).map((placed) => (
        <GroupCell key={placed.column.id} placed={placed} props={props} />
      ))}
    </div>
  );
});

function GroupCell({ placed, props }: { placed: Placed; props: Props }) {
  const { column, left, width, place } = placed;
  const { group, look, best } = props;
  const name = metricOf(withStat(column.id, look.stats));
  const spread = name !== null && Object.hasOwn(group.metrics, name) ? group.metrics[name] : undefined;
  return (
    <div
      role="gridcell"
      className={`nbt-cell nbt-flex${column.numeric ? " nbt-numeric" : ""}`}
      style={{ left, width }}
      aria-colindex={place + 2}
      data-col={column.id}
    >
      {spread && <Mean spread={spread} write={look.write.get(column.id) ?? number} best={best.get(column.id)} />}
    </div>
  );
}

function Mean({ spread, write, best }: { spread: Spread; write: (value: number) => string; best: number | undefined }) {
  const mean = toNumber(spread.mean);
  const sd = toNumber(spread.sd);
  const low = write(toNumber(spread.low));
  const text = `mean of ${plural(spread.count, "run")}, ${low} to ${write(toNumber(spread.high))}`;
  return (
    <span className={mean === best ? "nbt-cell-best" : "nbt-cell-number"} title={text}>
      {mean === best && <span className="nbt-cell-best-sign">★</span>}
      {write(mean)}
      {spread.count > 1 && <span className="nbt-cell-sd">±{Number.isFinite(sd) ? brief(sd) : number(sd)}</span>}
    </span>
  );
}

/** A spread in two digits: more of them say nothing. */
function brief(sd: number): string {
  if (sd === 0) return "0";
  return Math.abs(sd) >= 100 ? number(Math.round(sd)) : String(Number(sd.toPrecision(2)));
}
