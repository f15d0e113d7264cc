// One run, whole: what it is on top, then its code, values, output, artifacts, environment, and why it differs.
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useStore } from "zustand";
import type { AskError } from "../../api/transport";
import type { RunDetail } from "../../contract";
import { ago, toNumber } from "../../lib/format";
import { Button } from "../../parts/Button";
import { ErrorNote } from "../../parts/Notes";
import { usePanel } from "../../state/panel";
import { useAsk } from "../../state/query";
import { useSelection, useSort } from "../../state/runs";
import { useSetView } from "../../state/view";
import { briefOf } from "../lineage/words";
import { useUid } from "./bits";
import { Facts, Title } from "./Header";
import { roomOf, TABS, type Tab, type TabProps, useExplained, useRoom, useSetRoom } from "./state";
import { TAB_BODIES } from "./tabs";
import { useEdits } from "./useEdits";

const NEAR = 300; // runs of the table among which the previous and the next one are looked for

export function OneRun({ id }: { id: string }) {
  const asked = useAsk("runs.get", { run: id }, { every: 500 });
  const set = useSetView();
  const { goes, place } = useNeighbours(id);
  const detail = asked.data;
  const explained = useExplained(id, detail?.row.status === "running");

  const keys = (event: KeyboardEvent<HTMLElement>) => {
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Escape") set({ open: null, active: id });
    else if (event.altKey && way) goes(way as -1 | 1)?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const { heading, steps } = useFirstFocus(id);
  return (
    // Takes the focus of a click anywhere in it, so that Escape goes back.
    <section className="nbt-run" aria-label="Run" tabIndex={-1} onKeyDown={keys}>
      <header className="nbt-run-head">
        <div className="nbt-run-line">
          <Button
            icon="back"
            label="Runs"
            title="Back to the runs (Esc)"
            onClick={() => set({ open: null, active: id })}
          />
          <span className="nbt-run-steps" ref={steps}>
            <Step way={-1} go={goes(-1)} />
            <Step way={1} go={goes(1)} />
            {place && <span className="nbt-dim">{place}</span>}
          </span>
          {detail && <Title row={detail.row} heading={heading} />}
        </div>
        {detail && <Facts detail={detail} />}
        <Lost id={id} detail={detail} error={asked.error} />
      </header>
      {detail ? (
        <Tabs detail={detail} explained={explained} />
      ) : asked.error ? (
        <ErrorNote error={asked.error} again={asked.again} />
      ) : (
        <Skeleton />
      )}
    </section>
  );
}

function Step({ way, go }: { way: -1 | 1; go: (() => void) | undefined }) {
  const label = way < 0 ? "Previous run of the table (Alt+↑)" : "Next run of the table (Alt+↓)";
  return <Button icon={way < 0 ? "up" : "down"} iconOnly label={label} disabled={!go} onClick={go} />;
}

/** The runs before and after this one as the table has them. */
function useNeighbours(id: string): { goes: (way: -1 | 1) => (() => void) | undefined; place: string } {
  const selection = useSelection();
  const sort = useSort();
  const set = useSetView();
  const room = roomOf(usePanel().view);
  const request = { ...selection, sort, columns: [], offset: 0, limit: NEAR };
  const asked = JSON.stringify(request);
  const answer = useAsk("runs.page", request, { every: 3000 });
  useEffect(() => {
    if (answer.data && !answer.stale) room.setState({ near: { asked, page: answer.data } });
  }, [answer.data, answer.stale, room, asked]);
  const { near } = room.getState();
  const data = answer.data ?? (near?.asked === asked ? near.page : undefined);
  const rows = data?.rows ?? [];
  const at = rows.findIndex((row) => row.id === id);
  const goes = (way: -1 | 1) => {
    const next = at < 0 ? undefined : rows[at + way];
    if (!next) return undefined;
    return () => {
      room.setState({ stepped: way });
      set({ open: { kind: "run", id: next.id }, active: next.id });
    };
  };
  const of = data?.matched.toLocaleString("en-US") ?? "";
  return { goes, place: at < 0 ? "" : `${at + 1} of ${of}` };
}

/** A run that was opened takes the focus, or leaves it on the button that brought it. */
function useFirstFocus(id: string) {
  const { view, spec } = usePanel();
  const heading = useRef<HTMLHeadingElement>(null);
  const steps = useRef<HTMLSpanElement>(null);
  const room = roomOf(view);
  const pending = useRef(spec.open !== id || room.getState().stepped !== 0);
  useEffect(() => {
    // A panel that begins with a run leaves the notebook's focus alone.
    if (!pending.current) return;
    const { stepped } = room.getState();
    const button = stepped ? steps.current?.querySelectorAll<HTMLButtonElement>("button")[stepped < 0 ? 0 : 1] : null;
    // The name takes it where there is no further run; not before it is there.
    const goes = button && !button.disabled ? button : heading.current;
    if (!goes) return;
    pending.current = false;
    room.setState({ stepped: 0 });
    goes.focus({ preventScroll: true });
  });
  return { heading, steps };
}

/** Says that the run is in the trash, or gone; what is known of it stays to be read. */
function Lost({ id, detail, error }: { id: string; detail: RunDetail | undefined; error: AskError | undefined }) {
  const { restore } = useEdits(id);
  const set = useSetView();
  const link = useStore(usePanel().query.store, (one) => one.link);
  const trashed = detail?.row.trashed;
  if (detail && error?.code === "not_found") {
    return (
      <div className="nbt-run-lost" role="status">
        This run was deleted elsewhere. What is shown is the last that was known of it.
      </div>
    );
  }
  if (detail && error && link === "open") {
    return (
      <div className="nbt-run-lost" role="status">
        {error.message} {error.hint}
      </div>
    );
  }
  if (trashed === null || trashed === undefined) return null;
  return (
    <div className="nbt-run-lost" role="status">
      <span>This run was deleted {ago(toNumber(trashed))}. It is in the trash.</span>
      <Button look="outline" icon="undo" label="Restore" onClick={() => void restore()} />
      <Button label="Open the trash" onClick={() => set({ open: null, trashed: true })} />
    </div>
  );
}

function Tabs({ detail, explained }: TabProps) {
  const tab = useRoom((room) => room.tab);
  const setRoom = useSetRoom();
  const id = useUid();
  const list = useRef<HTMLDivElement>(null);
  const { row } = detail;
  const counts: Partial<Record<Tab, number>> = {
    values: detail.params.length + Object.keys(row.metrics).length,
    artifacts: detail.artifacts.length,
    lineage: briefOf(detail.about)?.cells,
  };
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const at = TABS.findIndex(([one]) => one === tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    if (to === undefined || event.altKey) return;
    event.preventDefault();
    const next = TABS.at(to % TABS.length) ?? TABS[0];
    setRoom({ tab: next[0] });
    list.current?.querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus();
  };
  const Body = TAB_BODIES[tab];
  return (
    <>
      <div className="nbt-run-tabs" role="tablist" aria-label="Parts of the run" ref={list}>
        {TABS.map(([one, label]) => (
          <button
            key={one}
            type="button"
            role="tab"
            id={`${id}-${one}`}
            data-tab={one}
            aria-selected={tab === one}
            aria-controls={`${id}-body`}
            tabIndex={tab === one ? 0 : -1}
            className="nbt-run-tab"
            onClick={() => setRoom({ tab: one })}
            onKeyDown={move}
          >
            {label}
            {!!counts[one] && <span className="nbt-tab-count">{counts[one]?.toLocaleString("en-US")}</span>}
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <div className="nbt-run-body" role="tabpanel" id={`${id}-body`} aria-labelledby={`${id}-${tab}`} tabIndex={0}>
        <Body detail={detail} explained={explained} />
      </div>
    </>
  );
}

function Skeleton() {
  return (
    <div className="nbt-run-skeleton" role="status" aria-label="Loading the run">
      {[38, 62, 50, 70, 44].map((width) => (
        <span key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}
