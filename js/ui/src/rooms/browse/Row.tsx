// One run in two lines: what it is called, with its tags; how it went, when, and what it gave.
import { memo } from "react";
import { peoples } from "../../lib/columns";
import { duration } from "../../lib/format";
import { sign } from "../../lib/palette";
import { Icon } from "../../parts/Icon";
import { Metric, StatusSign } from "./bits";
import { Field } from "./Field";
import type { Held } from "./list";
import type { Directions } from "./memory";
import { elapsed, started, tagText, took, tooltip } from "./words";

export const ROW = 46; // pixels
const CHIPS = 4; // more do not fit

export interface RowEvents {
  press(id: string, index: number, how: { toggle: boolean; extend: boolean }): void;
  open(id: string): void;
  star(id: string): void;
  menu(id: string, index: number, x: number, y: number): void;
  rename(id: string, name: string | null): void;
}

interface Props {
  held: Held;
  index: number;
  id: string;
  /** Seconds: the time that what is said of it is counted to. */
  now: number;
  active: boolean;
  selected: boolean;
  renaming: boolean;
  directions: Directions;
  events: RowEvents;
}

export const Row = memo(function Row({ held, index, id, now, active, selected, renaming, directions, events }: Props) {
  const { row } = held;
  const { colour, glyph } = sign(row.id);
  const tags = peoples(row.tags);
  const time = took(held, now);
  const classes = ["nbt-side-row", active ? "nbt-active" : "", selected ? "nbt-on" : ""];
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected}
      className={classes.filter(Boolean).join(" ")}
      style={{ top: index * ROW, height: ROW }}
      title={renaming ? undefined : tooltip(row)}
      data-run={row.id}
      onClick={(event) => {
        events.press(row.id, index, { toggle: event.ctrlKey || event.metaKey, extend: event.shiftKey });
      }}
      onDoubleClick={() => events.open(row.id)}
      onContextMenu={(event) => {
        event.preventDefault();
        event.stopPropagation();
        events.menu(row.id, index, event.clientX, event.clientY);
      }}
    >
      <div role="gridcell" className="nbt-side-pick">
        <span className="nbt-mark" style={{ color: colour }} aria-hidden="true">
          {glyph}
        </span>
        <button
          type="button"
          tabIndex={-1}
          className="nbt-side-box"
          aria-pressed={selected}
          aria-label={`Select ${row.name.slice(0, 80)}`}
          onClick={(event) => {
            event.stopPropagation();
            events.press(row.id, index, { toggle: true, extend: event.shiftKey });
          }}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          {selected && <Icon name="check" />}
        </button>
      </div>
      <div role="gridcell" className="nbt-side-main">
        <div className="nbt-side-line">
          {renaming ? (
            <Field
              label={`Name of ${row.name.slice(0, 80)}`}
              text={row.name}
              onEnd={(to) => events.rename(row.id, to)}
            />
          ) : (
            <bdi
              className="nbt-side-name"
              onClick={(event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                event.stopPropagation();
                events.press(row.id, index, { toggle: false, extend: false });
                events.open(row.id);
              }}
              onDoubleClick={(event) => event.stopPropagation()}
            >
              {row.name.slice(0, 400) || "(no name)"}
            </bdi>
          )}
          {!renaming && tags.length > 0 && (
            <span className="nbt-side-tags">
              {tags.slice(0, CHIPS).map(([name, value]) => (
                <bdi key={name} className="nbt-chip">
                  {tagText(name, value)}
                </bdi>
              ))}
            </span>
          )}
          {!renaming && (
            <span className="nbt-side-took">
              {row.starred && (
                <span className="nbt-side-starred" aria-hidden="true">
                  ★
                </span>
              )}
              {row.status === "running" ? elapsed(time) : duration(time)}
            </span>
          )}
        </div>
        <div className="nbt-side-line nbt-side-facts">
          <StatusSign status={row.status} />
          <span className="nbt-side-when">{started(row, now)}</span>
          <Metric metric={row.metric} directions={directions} colour={colour} />
        </div>
      </div>
      <div role="gridcell" className="nbt-side-acts">
        <button
          type="button"
          tabIndex={-1}
          className={`nbt-side-act nbt-side-star${row.starred ? " nbt-on" : ""}`}
          aria-pressed={row.starred}
          aria-label="Star"
          title={row.starred ? "Take the star off (S)" : "Star (S)"}
          onClick={(event) => {
            event.stopPropagation();
            events.star(row.id);
          }}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <Icon name="star" filled={row.starred} />
        </button>
        <button
          type="button"
          tabIndex={-1}
          className="nbt-side-act nbt-side-more"
          aria-label="More"
          aria-haspopup="menu"
          title="More"
          onClick={(event) => {
            event.stopPropagation();
            const { left, bottom } = event.currentTarget.getBoundingClientRect();
            events.menu(row.id, index, left, bottom);
          }}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <Icon name="more" />
        </button>
      </div>
    </div>
  );
});
