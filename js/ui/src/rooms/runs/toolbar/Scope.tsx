// Which runs at all: an experiment, this notebook, the trash.
import { useState } from "react";
import { oneLine } from "../../../lib/format";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { MenuSearch } from "../../../parts/MenuSearch";
import { usePanel } from "../../../state/panel";
import { useAsk } from "../../../state/query";
import { useSetView, useView } from "../../../state/view";

const SEARCHED = 10; // experiments from which on a search box helps
const MOST = 100;

export function Scope() {
  const experiment = useView((view) => view.experiment);
  const notebook = useView((view) => view.notebook);
  const trashed = useView((view) => view.trashed);
  const place = experiment ?? (notebook === null ? "All runs" : leaf(notebook));
  const label = trashed ? "Trash" : oneLine(place, 24);
  return (
    <Menu
      label={label}
      icon={trashed ? "trash" : "folder"}
      title={trashed ? "Runs in the trash" : `Runs shown: ${oneLine(place, 80)}`}
      active={trashed || experiment !== null || notebook !== null}
    >
      {(close) => <Choices close={close} />}
    </Menu>
  );
}

const leaf = (path: string) => path.split("/").at(-1) || path;

function Choices({ close }: { close: () => void }) {
  const { spec } = usePanel();
  const experiment = useView((view) => view.experiment);
  const notebook = useView((view) => view.notebook);
  const trashed = useView((view) => view.trashed);
  const set = useSetView();
  const [search, setSearch] = useState("");
  const asked = useAsk("experiments.list", {}, { every: 1000 });
  const status = useAsk("project.status", {}, { every: 1000 });
  const all = asked.data?.experiments ?? [];
  const found = all.filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
  const own = notebook ?? spec.notebook ?? null;
  // What is selected belongs to the runs that were seen.
  const choose = (change: Parameters<typeof set>[0]) => {
    set({ ...change, selected: new Set() });
    close();
  };
  return (
    <>
      {all.length > SEARCHED && <MenuSearch label="Search experiments" value={search} onSearch={setSearch} />}
      <MenuItem
        label="All experiments"
        checked={experiment === null && !trashed}
        onChoose={() => choose({ experiment: null, trashed: false })}
      />
      {found.slice(0, MOST).map(({ name, runs }) => (
        <MenuItem
          key={name}
          label={oneLine(name, 60)}
          note={runs.toLocaleString("en-US")}
          checked={experiment === name && !trashed}
          onChoose={() => choose({ experiment: name, trashed: false })}
        />
      ))}
      {found.length > MOST && <MenuTitle>{`${found.length - MOST} more: type to find them`}</MenuTitle>}
      {asked.error && !asked.data && <MenuTitle>{asked.error.message}</MenuTitle>}
      <MenuLine />
      {own !== null && (
        <MenuItem
          label={notebook === null || notebook === spec.notebook ? "Only this notebook" : `Only ${leaf(notebook)}`}
          checked={notebook !== null}
          onChoose={() => choose({ notebook: notebook === null ? own : null })}
        />
      )}
      <MenuItem
        label="Trash"
        note={status.data ? status.data.trashed.toLocaleString("en-US") : ""}
        checked={trashed}
        onChoose={() => choose({ trashed: !trashed })}
      />
    </>
  );
}
