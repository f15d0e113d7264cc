// Choose the run that this one is compared with: the one before it, the baseline, or any, found by name.
import { type KeyboardEvent, useState } from "react";
import type { Explanation } from "../../contract";
import { ago, oneLine, toNumber } from "../../lib/format";
import { RunMark } from "../../parts/Marks";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../parts/Menu";
import { useAsk } from "../../state/query";
import { useView } from "../../state/view";
import { type Against, useRoom, useSetRoom } from "./state";

const MOST = 30;

/** The search language's condition for what was typed: part of a name, or the beginning of an id. */
export function namedLike(typed: string): string {
  const text = typed.trim();
  if (!text) return "";
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return /^[0-9a-f]{3,}$/.test(text) ? `name contains ${quoted} or id like '${text}%'` : `name contains ${quoted}`;
}

export function Chooser({ run, explanation }: { run: string; explanation: Explanation | undefined }) {
  const against = useRoom((room) => room.against);
  const left = explanation?.left;
  const name = left ? oneLine(left.name, 40) : "";
  const word = against === "previous" ? "previous run" : "baseline";
  const shown = typeof against === "string" ? `${word}: ${name}` : name;
  const label = name ? `Compare with ${shown}` : "Compare with…";
  return (
    <Menu label={label} icon="compare" look="outline" role="dialog" className="nbt-run-chooser">
      {(close) => <Choices run={run} close={close} />}
    </Menu>
  );
}

function Choices({ run, close }: { run: string; close: () => void }) {
  const [typed, setTyped] = useState("");
  const baseline = useView((view) => view.baseline);
  const against = useRoom((room) => room.against);
  const setRoom = useSetRoom();
  const { data, error } = useAsk(
    "runs.page",
    { filter: namedLike(typed), sort: ["-started"], columns: [], limit: MOST },
    { every: 2000 },
  );
  const choose = (next: Against) => {
    setRoom({ against: next });
    close();
  };
  const rows = (data?.rows ?? []).filter((row) => row.id !== run);
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>("input, [role^='menuitem']:not(:disabled)")];
    const at = items.indexOf(document.activeElement as HTMLElement) + by;
    items[(at + items.length) % items.length]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys go from the field to the runs it found and back
    <div onKeyDown={keys}>
      <input
        className="nbt-input nbt-run-chooser-field"
        placeholder="Find a run by name"
        aria-label="Find a run by name"
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          const [first] = rows;
          if (event.key === "Enter" && typed && first) choose({ id: first.id, name: first.name });
        }}
      />
      <div role="menu" aria-label="Runs to compare with">
        {!typed && (
          <>
            <MenuItem
              label="The run before this one"
              checked={against === "previous"}
              onChoose={() => choose("previous")}
            />
            <MenuItem
              label="The baseline of the table"
              checked={against === "baseline"}
              disabled={!baseline || baseline === run}
              onChoose={() => choose("baseline")}
            />
            <MenuLine />
          </>
        )}
        <MenuTitle>{typed ? "Runs with this name" : "Latest runs"}</MenuTitle>
        {rows.map((row) => (
          <MenuItem
            key={row.id}
            label={
              <>
                <RunMark id={row.id} /> {oneLine(row.name, 80)}
              </>
            }
            note={ago(toNumber(row.started))}
            onChoose={() => choose({ id: row.id, name: row.name })}
          />
        ))}
      </div>
      {data && !rows.length && <p className="nbt-menu-title">No run is called so.</p>}
      {error && <p className="nbt-error-inline">{error.message}</p>}
    </div>
  );
}
