// Which run it is: name, status, when, from where, tags and note, each edited where it stands.
import { type Ref, useEffect, useState } from "react";
import type { RunDetail, RunRow } from "../../contract";
import { ago, duration, oneLine, toNumber } from "../../lib/format";
import { Button } from "../../parts/Button";
import { RunMark, Status } from "../../parts/Marks";
import { Menu, MenuItem } from "../../parts/Menu";
import { usePanel } from "../../state/panel";
import { useAsk } from "../../state/query";
import { useSetView, useView } from "../../state/view";
import { ExportMenu } from "../export/ExportMenu";
import { VerdictChip } from "../lineage/Verdict";
import { useCopy } from "./copy";
import { Edit } from "./Edit";
import { useSetRoom } from "./state";
import { Tags } from "./Tags";
import { useEdits } from "./useEdits";

const MOST_LINKS = 50; // children in the menu
const LONG_NAME = 300; // characters: a tooltip is no place for more

export function Title({ row, heading }: { row: RunRow; heading: Ref<HTMLHeadingElement> }) {
  const { edit, trash } = useEdits(row.id);
  const set = useSetView();
  const baseline = useView((view) => view.baseline);
  const copy = useCopy();
  const { host } = usePanel();
  return (
    <>
      <RunMark id={row.id} />
      <h2 ref={heading} tabIndex={-1} className="nbt-one-name">
        <Edit
          label="Name of the run"
          value={row.name}
          hint={`${oneLine(row.name, LONG_NAME)} – click to rename`}
          save={(name) => (name.trim() ? edit({ name: name.trim() }) : Promise.resolve())}
        >
          {oneLine(row.name, LONG_NAME)}
        </Edit>
      </h2>
      <Button
        icon="star"
        iconOnly
        filled={row.starred}
        className={row.starred ? "nbt-starred" : ""}
        label={row.starred ? "Take the star off" : "Star"}
        aria-pressed={row.starred}
        onClick={() => edit({ starred: !row.starred })}
      />
      <Status status={row.status} reason={row.end_reason} />
      {baseline === row.id && <span className="nbt-chip">baseline</span>}
      <span className="nbt-run-actions">
        <Button
          icon="copy"
          className="nbt-run-id"
          label={row.id}
          title="Copy the run's id"
          onClick={() => copy(row.id, `the id ${row.id}`)}
        />
        <ExportMenu iconOnly choices={[{ label: "This run", count: 1, which: { runs: [row.id] } }]} />
        <Menu label="More" icon="more" iconOnly>
          {(close) => (
            <>
              {host?.openTab && (
                <MenuItem
                  icon="expand"
                  label="Open in a tab"
                  onChoose={() => {
                    close();
                    host.openTab?.({ kind: "run", id: row.id });
                  }}
                />
              )}
              <MenuItem
                icon="flag"
                label={baseline === row.id ? "No longer the baseline" : "Use as baseline"}
                onChoose={() => {
                  set({ baseline: baseline === row.id ? null : row.id });
                  close();
                }}
              />
              <MenuItem
                icon="copy"
                label="Copy the name"
                onChoose={() => {
                  copy(row.name, "the name");
                  close();
                }}
              />
              <MenuItem
                icon="trash"
                danger
                label="Move to the trash"
                disabled={row.trashed !== null}
                onChoose={() => {
                  close();
                  void trash().then((done) => done && set({ open: null }));
                }}
              />
            </>
          )}
        </Menu>
      </span>
    </>
  );
}

export function Facts({ detail }: { detail: RunDetail }) {
  const { row } = detail;
  const { edit } = useEdits(row.id);
  const copy = useCopy();
  const setRoom = useSetRoom();
  const started = toNumber(row.started);
  const reason = row.end_reason ? oneLine(row.end_reason, LONG_NAME) : "";
  return (
    <>
      <div className="nbt-run-facts">
        {reason && <span className="nbt-run-reason">{reason}</span>}
        <span title={new Date(started * 1000).toLocaleString()}>started {ago(started)}</span>
        <span>
          {row.status === "running" ? "running for" : "took"} <Took row={row} />
        </span>
        <span title="Experiment">{oneLine(row.experiment, 80)}</span>
        {row.notebook && (
          <button
            type="button"
            className="nbt-link-button"
            title={`Copy the path ${oneLine(row.notebook, LONG_NAME)}`}
            onClick={() => copy(row.notebook ?? "", "the notebook's path")}
          >
            {oneLine(row.notebook.split("/").at(-1) ?? "", 60)}
            {row.execution !== null && ` In [${row.execution}]`}
          </button>
        )}
        <VerdictChip about={detail.about} onOpen={() => setRoom({ tab: "lineage" })} />
        <Relatives detail={detail} />
        <Tags tags={row.tags} save={(tags) => edit({ tags })} />
        {!row.note && (
          <Edit label="Note" lines value="" className="nbt-add" save={(note) => edit({ note })}>
            + note
          </Edit>
        )}
      </div>
      {row.note && (
        <Edit
          label="Note"
          hint="Click to edit the note"
          lines
          className="nbt-run-note"
          value={row.note}
          save={(note) => edit({ note })}
        >
          {row.note}
        </Edit>
      )}
    </>
  );
}

/** How long it took; it counts on by itself while the run is running. */
function Took({ row }: { row: RunRow }) {
  const [since] = useState(() => ({ at: Date.now(), duration: Number.NaN }));
  const [, tick] = useState(0);
  const running = row.status === "running";
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
  const told = toNumber(row.duration);
  // The kernel's clock may be another one than the browser's: only what passed since its answer is counted here.
  if (since.duration !== told) Object.assign(since, { at: Date.now(), duration: told });
  return <>{duration(running ? told + (Date.now() - since.at) / 1000 : told)}</>;
}

/** The run that this one belongs to, and those that belong to it. */
function Relatives({ detail: { row, children } }: { detail: RunDetail }) {
  const set = useSetView();
  const shown = children.slice(0, MOST_LINKS);
  const ids = [...(row.parent ? [row.parent] : []), ...shown].filter((id) => /^\w+$/.test(id));
  const filter = `id in (${ids.map((id) => `'${id}'`).join(", ")})`;
  const { data } = useAsk(
    "runs.page",
    { filter, columns: [], limit: ids.length },
    { off: ids.length === 0, every: 3000 },
  );
  const names = new Map(data?.rows.map((one) => [one.id, oneLine(one.name, 60)]));
  const go = (id: string) => set({ open: { kind: "run", id } });
  const link = (id: string) => (
    <button key={id} type="button" className="nbt-link-button" onClick={() => go(id)}>
      <RunMark id={id} />
      {names.get(id) ?? id}
    </button>
  );
  return (
    <>
      {row.parent && <span>part of {link(row.parent)}</span>}
      {children.length > 0 && children.length <= 2 && <span>children {children.map(link)}</span>}
      {children.length > 2 && (
        <Menu label={`${children.length} children`} icon="down">
          {(close) =>
            shown.map((id) => (
              <MenuItem
                key={id}
                label={
                  <>
                    <RunMark id={id} />
                    {names.get(id) ?? id}
                  </>
                }
                onChoose={() => {
                  close();
                  go(id);
                }}
              />
            ))
          }
        </Menu>
      )}
    </>
  );
}
