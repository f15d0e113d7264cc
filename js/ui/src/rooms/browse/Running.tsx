// What goes on now in the whole project: how long, how far, what it gives.
import { useState } from "react";
import { sign } from "../../lib/palette";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { RunMark } from "../../parts/Marks";
import { Metric, StatusSign } from "./bits";
import type { Held } from "./list";
import type { Directions } from "./memory";
import { elapsed, share, stepOf, took, tooltip } from "./words";

const FIRST = 3; // shown before the rest is asked for

interface Props {
  running: readonly Held[];
  now: number;
  directions: Directions;
  onOpen: (held: Held) => void;
  onMenu: (held: Held, x: number, y: number) => void;
}

export function Running({ running, now, directions, onOpen, onMenu }: Props) {
  const [folded, setFolded] = useState(false);
  const [all, setAll] = useState(false);
  if (!running.length) return null;
  const shown = all ? running : running.slice(0, FIRST);
  return (
    <section className="nbt-side-running" aria-label="Running now">
      <button type="button" className="nbt-side-fold" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
        <Icon name={folded ? "right" : "down"} />
        Running now
        <span className="nbt-side-count">{running.length}</span>
      </button>
      {!folded && (
        <ul className="nbt-side-live">
          {shown.map((held) => (
            <li key={held.row.id}>
              <Live held={held} now={now} directions={directions} onOpen={onOpen} onMenu={onMenu} />
            </li>
          ))}
        </ul>
      )}
      {!folded && running.length > FIRST && (
        <Button
          className="nbt-side-rest"
          label={all ? "Show fewer" : `Show ${running.length - FIRST} more`}
          onClick={() => setAll(!all)}
        />
      )}
    </section>
  );
}

function Live({ held, now, directions, onOpen, onMenu }: Omit<Props, "running"> & { held: Held }) {
  const { row } = held;
  const { progress } = row;
  const part = progress ? share(progress) : null;
  return (
    <>
      <button
        type="button"
        className="nbt-side-run"
        title={tooltip(row)}
        data-run={row.id}
        onClick={() => onOpen(held)}
        onContextMenu={(event) => {
          event.preventDefault();
          event.stopPropagation();
          onMenu(held, event.clientX, event.clientY);
        }}
      >
        <span className="nbt-side-line">
          <RunMark id={row.id} />
          <bdi className="nbt-side-name">{row.name.slice(0, 400)}</bdi>
          <span className="nbt-side-elapsed">{elapsed(took(held, now))}</span>
        </span>
        <span className="nbt-side-line nbt-side-facts">
          <StatusSign status={row.status} />
          <span className="nbt-side-when">{progress ? stepOf(progress) : "running"}</span>
          <Metric metric={row.metric} directions={directions} colour={sign(row.id).colour} />
        </span>
      </button>
      {part !== null && progress && (
        <div
          className="nbt-side-bar"
          role="progressbar"
          aria-label={`Progress of ${row.name.slice(0, 80)}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(part * 100)}
          aria-valuetext={stepOf(progress)}
        >
          <div style={{ width: `${(part * 100).toFixed(1)}%` }} />
        </div>
      )}
    </>
  );
}
