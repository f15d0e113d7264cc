// Groups the runs by a value they share.
import { useMemo, useState } from "react";
import type { Json, RunRow } from "../../../contract";
import { oneLine, plural } from "../../../lib/format";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { MenuSearch } from "../../../parts/MenuSearch";
import { useAsk } from "../../../state/query";
import { useSelection } from "../../../state/runs";
import { useSetView, useView } from "../../../state/view";

const LOOKED_AT = 200; // runs from which the values are told
const MOST = 40;
const SEARCHED = 12;
const ATTRIBUTES = ["experiment", "notebook", "status"] as const;

export interface Choice {
  id: string;
  /** How many different values the runs that were looked at have. */
  values: number;
}

/** Params and tags that runs can be grouped by: those with two values first, then more; one value last. */
export function choices(rows: readonly Pick<RunRow, "params" | "tags">[]): Choice[] {
  const found = new Map<string, Set<string>>();
  const add = (id: string, given: Json) => {
    const seen = found.get(id) ?? new Set();
    found.set(id, seen.add(JSON.stringify(given)));
  };
  for (const { params, tags } of rows) {
    for (const [name, given] of Object.entries(params)) add(`params.${name}`, given);
    for (const [name, given] of Object.entries(tags)) add(`tags.${name}`, given);
  }
  const rank = (values: number) => (values < 2 ? Number.POSITIVE_INFINITY : values);
  return [...found]
    .map(([id, seen]) => ({ id, values: seen.size }))
    .sort((a, b) => rank(a.values) - rank(b.values) || a.id.localeCompare(b.id));
}

/** "params.lr" as one reads it. */
export function groupName(id: string): string {
  return id.replace(/^(params|tags)\./, "");
}

export function GroupBy() {
  const by = useView((view) => view.groupBy);
  const label = by === null ? "Group" : `By ${oneLine(groupName(by), 18)}`;
  const title = by === null ? "Group runs" : `Grouped by ${oneLine(groupName(by), 80)}`;
  return (
    <Menu label={label} icon="group" title={title} active={by !== null}>
      {(close) => <Choices close={close} />}
    </Menu>
  );
}

function Choices({ close }: { close: () => void }) {
  const by = useView((view) => view.groupBy);
  const set = useSetView();
  const selection = useSelection();
  const [search, setSearch] = useState("");
  const page = useAsk(
    "runs.page",
    { ...selection, columns: ["params.*", "tags.*"], limit: LOOKED_AT },
    { every: 5000 },
  );
  const all = useMemo(() => choices(page.data?.rows ?? []), [page.data]);
  const found = all.filter(({ id }) => id.toLowerCase().includes(search.toLowerCase()));
  const few = (page.data?.matched ?? 0) > LOOKED_AT;
  const choose = (groupBy: string | null) => {
    set({ groupBy, unfolded: new Set() });
    close();
  };
  const item = ({ id, values }: Choice) => (
    <MenuItem
      key={id}
      label={
        <>
          {oneLine(groupName(id), 60)}
          {id.startsWith("tags.") && <span className="nbt-dim"> tag</span>}
        </>
      }
      note={few && values > 1 ? `${values}+ values` : plural(values, "value")}
      checked={by === id}
      onChoose={() => choose(id)}
    />
  );
  return (
    <>
      {all.length > SEARCHED && <MenuSearch label="Search params and tags" value={search} onSearch={setSearch} />}
      <MenuItem label="Do not group" checked={by === null} onChoose={() => choose(null)} />
      <MenuLine />
      {found.slice(0, MOST).map(item)}
      {found.length > MOST && <MenuTitle>{`${found.length - MOST} more: type to find them`}</MenuTitle>}
      {page.error && !page.data && <MenuTitle>{page.error.message}</MenuTitle>}
      <MenuLine />
      {ATTRIBUTES.map((id) => (
        <MenuItem key={id} label={id} checked={by === id} onChoose={() => choose(id)} />
      ))}
    </>
  );
}
