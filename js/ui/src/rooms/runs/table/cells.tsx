// What stands in the cells of a run. Plain functions: a table has hundreds of cells in sight.
import type { ReactNode } from "react";
import type { RunRow } from "../../../contract";
import { type Column, cellValue, metricOf, peoples } from "../../../lib/columns";
import { ago, duration, general, MISSING, number, percent, signed, toNumber, value, when } from "../../../lib/format";
import { sign } from "../../../lib/palette";
import { Icon } from "../../../parts/Icon";
import { Status } from "../../../parts/Marks";
import { Counting } from "./Counting";
import { isBest, type Look, metricValue } from "./look";
import { HIGH, WIDE } from "./sparks";

const LONG = 2000; // letters of a tooltip

export interface CellOf {
  row: RunRow;
  look: Look;
  /** When the row came, by `performance.now()`. */
  came: number;
  now: number;
  /** The pointer is on the row: what can be done with it is shown. */
  hovered: boolean;
}

/** What stands in a cell, its tooltip and its look. Most cells are nothing but their text: that is drawn fastest. */
export interface Content {
  shown: ReactNode;
  title?: string;
  look?: string;
}

const MISSED: Content = { shown: MISSING, look: "nbt-cell-none" };
const EMPTY: Content = { shown: null };
const FLEX = "nbt-flex";

export function cell(column: Column, width: number, { row, look, came, now, hovered }: CellOf): Content {
  switch (column.id) {
    case "name":
      return { shown: nameOf(row, look.baseline?.id === row.id, hovered), look: FLEX };
    case "status":
      return { shown: <Status status={row.status} reason={row.end_reason} /> };
    case "started": {
      const at = toNumber(row.started);
      // `now` is a little behind: a run that began since has begun just now.
      return { shown: ago(at, at > now ? Date.now() / 1000 : now), title: when(at) };
    }
    case "duration": {
      const seconds = toNumber(row.duration);
      return { shown: row.status === "running" ? <Counting seconds={seconds} came={came} /> : duration(seconds) };
    }
    case "tags":
      return { shown: tagsOf(row.tags, hovered), look: FLEX };
    default:
      return column.kind === "metrics" ? metric(column, width, row, look) : plain(column, row);
  }
}

function plain(column: Column, row: RunRow): Content {
  const given = cellValue(row, column.id);
  if (column.kind === "meta" && !given) return EMPTY;
  if (given === undefined) return MISSED;
  return { shown: value(given), title: column.numeric ? undefined : value(given, LONG) };
}

function nameOf(row: RunRow, baseline: boolean, hovered: boolean): ReactNode {
  const { colour, glyph } = sign(row.id);
  return (
    <>
      <span className="nbt-mark" style={{ color: colour }} aria-hidden="true">
        {glyph}
      </span>
      <button type="button" className="nbt-run-name" data-act="open" tabIndex={-1} title={row.name}>
        {row.name}
      </button>
      {baseline && <span className="nbt-cell-flag">baseline</span>}
      {hovered && (
        <span className="nbt-cell-quick">
          <QuickButton act="rename" label="Rename" icon="note" />
          <QuickButton act="menu" label="More" icon="more" />
        </span>
      )}
    </>
  );
}

function QuickButton({ act, label, icon }: { act: string; label: string; icon: "note" | "more" | "plus" }) {
  return (
    <button type="button" className="nbt-cell-button" data-act={act} tabIndex={-1} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

function tagsOf(tags: Record<string, string>, hovered: boolean): ReactNode {
  const all = peoples(tags);
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
            {hovered && (
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
            )}
          </span>
        );
      })}
      {hovered && <QuickButton act="tag" label="Add a tag" icon="plus" />}
    </>
  );
}

function metric({ id }: Column, width: number, row: RunRow, look: Look): Content {
  const found = metricValue(row, id, look.stats);
  if (found === undefined) return MISSED;
  const text = (look.write.get(id) ?? number)(found);
  const title = String(found);
  const best = isBest(look, id, found);
  const path = width >= look.spark.least ? look.spark.path(row.id, metricOf(id) ?? "") : "";
  const by = delta(id, found, row, look);
  const odd = Number.isFinite(found) ? "" : "nbt-cell-odd";
  if (!path && !by && !best) return { shown: text, title, look: odd };
  const shown = (
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
      {by}
      <span className={best ? "nbt-cell-best" : "nbt-cell-number"}>
        {best && (
          <span className="nbt-cell-best-sign" title="Best of all runs that match">
            ★
          </span>
        )}
        {text}
      </span>
    </>
  );
  return { shown, title, look: odd ? `${FLEX} ${odd}` : FLEX };
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
