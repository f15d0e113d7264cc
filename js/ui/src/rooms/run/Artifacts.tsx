// The files of the run on the left, a look at one on the right.
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import type { Artifact } from "../../contract";
import { ago, oneLine, plural, size, toNumber } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { EmptyState } from "../../parts/Notes";
import { Search, useMost } from "./bits";
import { useDownload } from "./content";
import { useCopy } from "./copy";
import { Preview } from "./Preview";
import { type TabProps, useRoom, useSetRoom } from "./state";
import { treeRows } from "./tree";

const MOST = 300;
const SEARCHED = 12; // files from which on there is a search field

export function Artifacts({ detail: { row, artifacts } }: TabProps) {
  const chosen = useRoom((room) => room.artifact);
  if (!artifacts.length) {
    return (
      <EmptyState title="No artifacts">
        <p>
          <code>nbtrack.log_artifact(path)</code> keeps a file with the run; so do <code>log_figure</code>,{" "}
          <code>log_table</code> and <code>log_text</code>.
        </p>
      </EmptyState>
    );
  }
  const shown = artifacts.find(({ path }) => path === chosen) ?? artifacts[0];
  return (
    <div className="nbt-artifacts">
      <Files artifacts={artifacts} shown={shown} />
      {shown && <Look key={shown.path} run={row.id} artifact={shown} />}
    </div>
  );
}

function Files({ artifacts, shown }: { artifacts: readonly Artifact[]; shown: Artifact | undefined }) {
  const setRoom = useSetRoom();
  const [search, setSearch] = useState("");
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [most, more] = useMost(MOST);
  const list = useRef<HTMLUListElement>(null);
  const wanted = search.trim().toLowerCase();
  const rows = useMemo(() => {
    const found = artifacts.filter(({ path }) => path.toLowerCase().includes(wanted));
    return treeRows(found, ({ path }) => path, toggled, /(?<=\/)/, wanted !== "");
  }, [artifacts, toggled, wanted]);
  const toggle = (path: string) => {
    const next = new Set(toggled);
    if (!next.delete(path)) next.add(path);
    setToggled(next);
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.altKey) return;
    event.preventDefault();
    const buttons = [...(list.current?.querySelectorAll("button") ?? [])];
    buttons[buttons.indexOf(document.activeElement as HTMLButtonElement) + by]?.focus();
  };
  return (
    <div className="nbt-files">
      {artifacts.length > SEARCHED && <Search label="Search files" value={search} onType={setSearch} />}
      <ul ref={list} onKeyDown={keys} aria-label="Files">
        {rows.slice(0, most).map((one) => (
          <li key={`${one.kind} ${one.path}`} style={{ paddingLeft: one.depth * 14 }}>
            {one.kind === "branch" ? (
              <button type="button" className="nbt-file" aria-expanded={one.open} onClick={() => toggle(one.path)}>
                <Icon name={one.open ? "down" : "right"} />
                <span className="nbt-file-name">{oneLine(one.label, 120)}</span>
                <span className="nbt-dim">{one.count}</span>
              </button>
            ) : (
              <button
                type="button"
                className="nbt-file"
                aria-current={one.item.path === shown?.path ? "true" : undefined}
                title={oneLine(one.path, 500)}
                onClick={() => setRoom({ artifact: one.item.path })}
              >
                <Icon name="file" />
                <span className="nbt-file-name">{oneLine(one.label, 120)}</span>
                <span className="nbt-dim">{size(one.item.size)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {more(rows.length, "file")}
      <p className="nbt-dim nbt-files-sum">
        {plural(artifacts.length, "file")}, {size(artifacts.reduce((sum, one) => sum + one.size, 0))}
      </p>
    </div>
  );
}

function Look({ run, artifact }: { run: string; artifact: Artifact }) {
  const download = useDownload(run);
  const copy = useCopy();
  return (
    <section className="nbt-look" aria-label={oneLine(artifact.path, 200)}>
      <div className="nbt-look-head">
        <h3 title={oneLine(artifact.path, 500)}>{oneLine(artifact.path, 200)}</h3>
        <Button icon="download" label="Download" onClick={() => void download(artifact)} />
      </div>
      <p className="nbt-look-facts">
        <span>{size(artifact.size)}</span>
        {artifact.mime && <span>{oneLine(artifact.mime, 80)}</span>}
        <span>{artifact.kind}</span>
        <span>{ago(toNumber(artifact.created))}</span>
        <button
          type="button"
          className="nbt-link-button nbt-hash"
          title={`sha256 ${artifact.hash}: click to copy`}
          onClick={() => copy(artifact.hash, "the hash")}
        >
          {artifact.hash.slice(0, 12)}
        </button>
      </p>
      <div className="nbt-look-body">
        <Preview run={run} artifact={artifact} />
      </div>
    </section>
  );
}
