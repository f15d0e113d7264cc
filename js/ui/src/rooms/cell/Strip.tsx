// The line below a tracked cell: what its last runs gave, the newest first. One stop of the tab key; arrows go from run
// to run.
import { type KeyboardEvent, memo, type Ref, useState } from "react";
import type { BriefRow, CellHistory } from "../../contract";
import { duration, number, oneLine, plural, toNumber } from "../../lib/format";
import { sign } from "../../lib/palette";
import { RunMark } from "../../parts/Marks";
import { Live, Trend } from "./Trend";
import { bestOf, inWords, progressText } from "./words";

const MOST = 8;
const SIGNS = { finished: "✓", failed: "✗", interrupted: "◼", crashed: "✗" } as const;

export interface StripProps {
  /** undefined: not asked yet; null: the cell has no runs. */
  history: CellHistory | null | undefined;
  /** The run whose code and output of then are shown. */
  open: string | null;
  onOpen: (run: string | null) => void;
  /** Shows all runs of the cell. */
  onAll: () => void;
  root?: Ref<HTMLDivElement>;
}

export const Strip = memo(function Strip({ history, open, onOpen, onAll, root }: StripProps) {
  const runs = history?.runs.slice(0, MOST) ?? [];
  const [at, setAt] = useState(0);
  const best = bestOf(history?.runs ?? []);
  const stop = Math.min(at, runs.length); // the last stop is the count
  const walk = (event: KeyboardEvent<HTMLElement>) => {
    const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("button")].filter(
      (one) => one.offsetParent !== null,
    );
    const now = stops.indexOf(document.activeElement as HTMLElement);
    const goes: Record<string, number> = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: stops.length - 1 };
    const next = goes[event.key];
    if (next === undefined) return;
    event.preventDefault();
    stops[Math.max(0, Math.min(next, stops.length - 1))]?.focus();
  };
  return (
    <div
      ref={root}
      className="nbt-ground nbt-cell-strip"
      role="toolbar"
      aria-label="Last runs of this cell"
      data-lm-suppress-shortcuts="true"
      onKeyDown={walk}
    >
      {runs.length > 0 && history ? (
        <>
          <div className="nbt-cell-runs">
            {runs.map((run, place) => (
              <Run
                key={run.id}
                run={run}
                live={place === 0}
                best={run.id === best}
                open={run.id === open}
                stop={place === stop}
                onFocus={() => setAt(place)}
                onOpen={() => onOpen(run.id === open ? null : run.id)}
              />
            ))}
          </div>
          <Trend runs={history.runs} best={best} />
          <button
            type="button"
            className="nbt-cell-all"
            tabIndex={stop === runs.length ? 0 : -1}
            title="All runs of this cell"
            onFocus={() => setAt(runs.length)}
            onClick={onAll}
          >
            {plural(history.total, "run")}
          </button>
        </>
      ) : (
        history === null && <span className="nbt-cell-none">Tracked · no runs yet</span>
      )}
    </div>
  );
});

interface RunProps {
  run: BriefRow;
  live: boolean;
  best: boolean;
  open: boolean;
  stop: boolean;
  onFocus: () => void;
  onOpen: () => void;
}

function Run({ run, live, best, open, stop, onFocus, onOpen }: RunProps) {
  const { id, status, metric } = run;
  const running = status === "running";
  const words = inWords(run, best);
  // A value says that the run finished; without one its sign does.
  const signed = status !== "finished" || !metric;
  return (
    <button
      type="button"
      className={`nbt-cell-run nbt-status-${status}${best ? " nbt-cell-best" : ""}`}
      data-run={id}
      tabIndex={stop ? 0 : -1}
      title={metric ? `${words}\n${oneLine(metric.name, 60)}` : words}
      aria-label={words}
      aria-haspopup="dialog"
      aria-expanded={open}
      onFocus={onFocus}
      onClick={onOpen}
    >
      <RunMark id={id} />
      {status === "running" ? (
        <span className="nbt-spinner" />
      ) : (
        signed && <span className="nbt-status-sign">{SIGNS[status]}</span>
      )}
      {live && running && metric && metric.spark.length > 1 && <Live spark={metric.spark} colour={sign(id).colour} />}
      <span className="nbt-cell-value">{shown(run)}</span>
      {best && <span className="nbt-cell-step">best</span>}
      {live && running && metric && run.progress && <span className="nbt-cell-step">{progressText(run)}</span>}
    </button>
  );
}

function shown(run: BriefRow): string {
  if (run.metric) return number(toNumber(run.metric.value));
  if (run.status === "finished") return duration(toNumber(run.duration));
  return (run.status === "running" && progressText(run)) || run.status;
}
