// What can be done with a column.
import { type RefObject, useState } from "react";
import { betterOf, type Column, statFor } from "../../../lib/columns";
import { MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { Popover } from "../../../parts/Popover";
import { type Better, type SortKey, type Stat, useSetView, useView } from "../../../state/view";
import { ValueFilter } from "./ValueFilter";

const STATS: readonly (readonly [Stat, string])[] = [
  ["last", "Last value"],
  ["min", "Lowest value"],
  ["max", "Highest value"],
  ["mean", "Mean of all values"],
];
const WAYS: readonly (readonly [Better, string])[] = [
  ["min", "Less is better ↓"],
  ["max", "More is better ↑"],
  ["none", "Neither is better"],
];
const GROUPED = new Set(["experiment", "notebook", "status"]);

interface Props {
  column: Column;
  anchor: RefObject<HTMLElement | null>;
  onClose: () => void;
  onFit: () => void;
}

export function HeaderMenu({ column, anchor, onClose, onFit }: Props) {
  const [filtering, setFiltering] = useState(false);
  return (
    <Popover
      key={filtering ? "filter" : "menu"}
      anchor={anchor}
      open
      onClose={onClose}
      label={filtering ? `Filter by ${column.label}` : `Column ${column.label}`}
      role={filtering ? "dialog" : "menu"}
    >
      {filtering ? (
        <ValueFilter column={column} onClose={onClose} />
      ) : (
        <Items column={column} onClose={onClose} onFit={onFit} onFilter={() => setFiltering(true)} />
      )}
    </Popover>
  );
}

function Items({ column, onClose, onFit, onFilter }: Omit<Props, "anchor"> & { onFilter: () => void }) {
  const { id, kind, label } = column;
  const set = useSetView();
  const sort = useView((view) => view.sort);
  const pinned = useView((view) => view.pinnedColumns);
  const visible = useView((view) => view.visible);
  const groupBy = useView((view) => view.groupBy);
  const chosen = useView((view) => view.better);
  const own = sort.find((key) => key.id === id);
  const way = betterOf(column, chosen);
  const held = pinned.includes(id);
  const done = (change: Parameters<typeof set>[0]) => () => {
    set(change);
    onClose();
  };
  const sortBy = (desc: boolean): SortKey[] =>
    own?.desc === desc ? sort.filter((key) => key !== own) : [{ id, desc }];
  const groups = kind === "params" || kind === "tags" || GROUPED.has(id);
  return (
    <>
      {id !== "tags" &&
        (way ? [way !== "min", way === "min"] : [false, true]).map((desc, at) => (
          <MenuItem
            key={String(desc)}
            label={
              way
                ? at
                  ? "Sort, worst first"
                  : "Sort, best first"
                : desc
                  ? "Sort, highest first"
                  : "Sort, lowest first"
            }
            checked={own?.desc === desc}
            onChoose={done({ sort: sortBy(desc) })}
          />
        ))}
      {kind === "metrics" && <MetricItems column={column} onClose={onClose} />}
      {id !== "tags" && <MenuLine />}
      {kind !== "meta" && <MenuItem icon="search" label="Filter by value…" onChoose={onFilter} />}
      {groups && (
        <MenuItem
          icon="group"
          label={groupBy === id ? "Do not group" : `Group by ${short(label)}`}
          onChoose={done({ groupBy: groupBy === id ? null : id, unfolded: new Set() })}
        />
      )}
      <MenuItem
        icon="pin"
        label={held ? "Let go from the left" : "Keep at the left"}
        onChoose={done({ pinnedColumns: held ? pinned.filter((one) => one !== id) : [...pinned, id] })}
      />
      <MenuItem
        icon="expand"
        label="Fit the width"
        onChoose={() => {
          onFit();
          onClose();
        }}
      />
      {id !== "name" && (
        <MenuItem icon="eye-off" label="Hide the column" onChoose={done({ visible: { ...visible, [id]: false } })} />
      )}
    </>
  );
}

function MetricItems({ column, onClose }: { column: Column; onClose: () => void }) {
  const { label } = column;
  const set = useSetView();
  const stats = useView((view) => view.stats);
  const better = useView((view) => view.better);
  const stat = statFor(stats, label);
  const way: Better = betterOf(column, better) ?? "none";
  return (
    <>
      <MenuTitle>Show</MenuTitle>
      {STATS.map(([one, text]) => (
        <MenuItem
          key={one}
          label={text}
          checked={stat === one}
          onChoose={() => {
            set({ stats: { ...stats, [label]: one } });
            onClose();
          }}
        />
      ))}
      <MenuTitle>Direction</MenuTitle>
      {WAYS.map(([one, text]) => (
        <MenuItem
          key={one}
          label={text}
          checked={way === one}
          onChoose={() => {
            set({ better: { ...better, [label]: one } });
            onClose();
          }}
        />
      ))}
    </>
  );
}

function short(text: string): string {
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}
