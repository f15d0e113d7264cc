// What stands in the cells of a run. Plain functions: a table has hundreds of cells in sight.
import type { ReactNode } from "react";
import type { RunRow } from "../../../contract";
import { type Column, cellValue, metricOf } from "../../../lib/columns";
import { ago, general, MISSING, number, percent, signed, toNumber, value, when } from "../../../lib/format";
import { sign } from "../../../lib/palette";
import { Icon } from "../../../parts/Icon";
import { RunMark, Status } from "../../../parts/Marks";
import { Duration } from "./Duration";
import { type Look, metricValue } from "./look";
import { HIGH, WIDE } from "./sparks";

const LONG = 2000; // letters of a tooltip

export interface CellOf {
  row: RunRow;
  look: Look;
  /** When the row came, by `performance.now()`. */
  came: number;
  now: number;
}

const Missing = <span className="nbt-cell-none">{MISSING}</span>;

export function cell(column: Column, width: number, { row, look, came, now }: CellOf): ReactNode {
  switch (column.id) {
    case "name":
      return <NameCell row={row} baseline={look.baseline?.id === row.id} />;
    case "status":
      return <Status status={row.status} reason={row.end_reason} />;
    case "started":
      return <Started at={toNumber(row.started)} now={now} />;
    case "duration":
      return <Duration seconds={toNumber(row.duration)} running={row.status === "running"} came={came} />;
    case "tags":
      return <Tags tags={row.tags} />;
    default:
      return column.kind === "metrics" ? metric(column, width, row, look) : plain(column, row);
  }
}

function Started({ at, now }: { at: number; now: number }) {
  // `now` is a little behind: a run that began since has begun just now.
  return <span title={when(at)}>{ago(at, at > now ? Date.now() / 1000 : now)}</span>;
}

function plain(column: Column, row: RunRow): ReactNode {
  const given = cellValue(row, column.id);
  if (column.kind === "meta" && !given) return null;
  if (given === undefined) return Missing;
  const text = value(given);
  return <span title={column.numeric ? undefined : value(given, LONG)}>{text}</span>;
}

function NameCell({ row, baseline }: { row: RunRow; baseline: boolean }) {
  return (
    <>
      <RunMark id={row.id} />
      <button type="button" className="nbt-run-name" data-act="open" tabIndex={-1} title={row.name}>
        {row.name}
      </button>
      {baseline && <span className="nbt-cell-flag">baseline</span>}
      <span className="nbt-cell-quick">
        <QuickButton act="rename" label="Rename" icon="note" />
        <QuickButton act="menu" label="More" icon="more" />
      </span>
    </>
  );
}

function QuickButton({ act, label, icon }: { act: string; label: string; icon: "note" | "more" }) {
  return (
    <button type="button" className="nbt-cell-button" data-act={act} tabIndex={-1} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

function Tags({ tags }: { tags: Record<string, string> }) {
  const all = Object.entries(tags);
  return (
    <>
      {all.map(([name, text]) => {
        const whole = text ? `${name}: ${text}` : name;
        return (
          <span key={name} className="nbt-chip" title={whole}>
            <span className="nbt-chip-text">
              {text ? (
                <>
                  <b>{name}</b> {text}
                </>
              ) : (
                name
              )}
            </span>
            <button
              type="button"
              className="nbt-chip-x"
              data-act="untag"
              data-tag={name}
              tabIndex={-1}
              aria-label={`Take off ${whole}`}
            >
              <Icon name="close" />
            </button>
          </span>
        );
      })}
      <button
        type="button"
        className="nbt-cell-button nbt-cell-add"
        data-act="tag"
        tabIndex={-1}
        aria-label="Add a tag"
        title="Add a tag"
      >
        <Icon name="plus" />
      </button>
    </>
  );
}

function metric({ id }: Column, width: number, row: RunRow, look: Look): ReactNode {
  const found = metricValue(row, id, look.stats);
  if (found === undefined) return Missing;
  const write = look.write.get(id) ?? number;
  const best = look.best.get(id) === found;
  const finite = Number.isFinite(found);
  const path = width >= look.spark.least ? look.spark.path(row.id, metricOf(id) ?? "") : "";
  return (
    <>
      {path && (
        <svg
          className="nbt-cell-spark"
          width={WIDE}
          height={HIGH}
          aria-hidden="true"
          style={{ color: sign(row.id).colour }}
        >
          <path d={path} />
        </svg>
      )}
      {delta(id, found, row, look)}
      <span
        className={finite ? (best ? "nbt-cell-best" : "nbt-cell-number") : "nbt-cell-number nbt-cell-odd"}
        title={String(found)}
      >
        {best && (
          <span className="nbt-cell-best-sign" title="Best of all runs that match">
            ★
          </span>
        )}
        {write(found)}
      </span>
    </>
  );
}

/** How far a value is from the baseline's: better or worse by colour, and by its sign. */
function delta(id: string, found: number, row: RunRow, look: Look): ReactNode {
  const { baseline } = look;
  if (!baseline || baseline.id === row.id) return null;
  const before = metricValue(baseline, id, look.stats);
  if (before === undefined || !Number.isFinite(before) || !Number.isFinite(found)) return null;
  const by = found - before;
  if (by === 0) return <span className="nbt-cell-delta">=</span>;
  const way = look.better.get(id);
  const good = way ? (way === "min") === by < 0 : null;
  const parts = [
    look.deltas !== "percent" && signed(by, brief),
    look.deltas !== "absolute" && percent(found, before),
  ].filter(Boolean);
  const kind = good === null ? "" : good ? " nbt-cell-good" : " nbt-cell-worse";
  return (
    <span className={`nbt-cell-delta${kind}`} title={`${signed(by)} against the baseline's ${number(before)}`}>
      {parts.join(" ")}
    </span>
  );
}

/** A difference in three digits: it is read beside the value itself. */
function brief(by: number): string {
  return Math.abs(by) >= 1000 ? number(Math.round(by)) : general(by, 3);
}
