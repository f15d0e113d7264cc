// How the list is ordered, which metric it shows, and which runs it leaves out.
import { useState } from "react";
import type { Key } from "../../contract";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../parts/Menu";
import { MenuSearch } from "../../parts/MenuSearch";
import { useAsk } from "../../state/query";
import { type Memory, mainMetric, ORDERS, type Order, STATUSES, useBrowse } from "./memory";

const LISTED = 12; // metrics without a search
const NAMES = Object.entries(ORDERS) as [Order, string][];

export function ViewMenu({ memory }: { memory: Memory }) {
  const narrowed = useBrowse(memory, (one) => one.starred || one.statuses.length > 0 || one.order !== "latest");
  return (
    <Menu label="Order and filters" icon="settings" iconOnly active={narrowed}>
      {() => <Items memory={memory} />}
    </Menu>
  );
}

function Items({ memory }: { memory: Memory }) {
  const { list } = memory;
  const { order, metric, starred, statuses, set } = useBrowse(memory, (one) => one);
  const setOrder = (next: Order) => {
    // By which metric it is ordered has to be known, and stay: it is the one that most of the runs show.
    set({ order: next, ...(next === "metric" && !metric ? { metric: mainMetric(list.rows()) } : {}) });
  };
  return (
    <>
      <MenuTitle>Order</MenuTitle>
      {NAMES.map(([one, label]) => (
        <MenuItem
          key={one}
          label={label}
          note={one === "metric" ? metric?.name.slice(0, 40) : undefined}
          checked={order === one}
          disabled={one === "metric" && !metric && !mainMetric(list.rows())}
          onChoose={() => setOrder(one)}
        />
      ))}
      <MenuLine />
      <MenuTitle>Show only</MenuTitle>
      <MenuItem label="Starred" checked={starred} onChoose={() => set({ starred: !starred })} />
      {STATUSES.map((one) => (
        <MenuItem
          key={one}
          label={one[0]?.toUpperCase() + one.slice(1)}
          checked={statuses.includes(one)}
          onChoose={() => {
            set({ statuses: statuses.includes(one) ? statuses.filter((other) => other !== one) : [...statuses, one] });
          }}
        />
      ))}
      <MenuLine />
      <Metrics memory={memory} />
    </>
  );
}

function Metrics({ memory }: { memory: Memory }) {
  const { metric, order, set } = useBrowse(memory, (one) => one);
  const keys = useAsk("runs.keys", {}, { every: 5000 });
  const [search, setSearch] = useState("");
  const all = (keys.data?.keys ?? []).filter((key) => key.kind === "metric").sort((a, b) => b.runs - a.runs);
  const found = all.filter((key) => key.name.toLowerCase().includes(search.trim().toLowerCase()));
  const choose = (key: Pick<Key, "name" | "better"> | null) => {
    set({
      metric: key && { name: key.name, better: key.better },
      ...(key || order !== "metric" ? {} : { order: "latest" }),
    });
  };
  return (
    <>
      <MenuTitle>Metric</MenuTitle>
      {all.length > LISTED && <MenuSearch label="Search metrics" value={search} onSearch={setSearch} />}
      <MenuItem label="The one that says most" checked={metric === null} onChoose={() => choose(null)} />
      {found.slice(0, LISTED).map((key) => (
        <MenuItem
          key={key.name}
          label={<bdi>{key.name.slice(0, 120)}</bdi>}
          note={key.better === "min" ? "↓" : key.better === "max" ? "↑" : undefined}
          checked={metric?.name === key.name}
          onChoose={() => choose(key)}
        />
      ))}
    </>
  );
}
