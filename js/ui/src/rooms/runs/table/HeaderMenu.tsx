// What can be done with a column.
import { type RefObject, useState } from "react";
import { betterOf, type Column, statFor } from "../../../lib/columns";
import { MenuItem, MenuLine } from "../../../parts/Menu";
import { Popover } from "../../../parts/Popover";
import { type Better, type SortKey, type Stat, useSetView, useView } from "../../../state/view";
import { ValueFilter } from "./ValueFilter";

const STATS: readonly (readonly [Stat, string, string])[] = [
  ["last", "last", "Last value"],
  ["min", "min", "Lowest value"],
  ["max", "max", "Highest value"],
  ["mean", "mean", "Mean of all values"],
];
const WAYS: readonly (readonly [Better, string, string])[] = [
  ["min", "less ↓", "Less is better"],
  ["max", "more ↑", "More is better"],
  ["none", "neither", "Neither is better"],
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
  return (
    <>
      <Choice
        title="Show"
        choices={STATS}
        chosen={statFor(stats, label)}
        onChoose={(one) => {
          set({ stats: { ...stats, [label]: one } });
          onClose();
        }}
      />
      <Choice
        title="Better is"
        choices={WAYS}
        chosen={betterOf(column, better) ?? "none"}
        onChoose={(one) => {
          set({ better: { ...better, [label]: one } });
          onClose();
        }}
      />
    </>
  );
}

interface ChoiceProps<T extends string> {
  title: string;
  choices: readonly (readonly [value: T, label: string, title: string])[];
  chosen: T;
  onChoose: (value: T) => void;
}

/** One of a few, side by side. */
function Choice<T extends string>({ title, choices, chosen, onChoose }: ChoiceProps<T>) {
  return (
    <div className="nbt-choice" role="group" aria-label={title}>
      <span className="nbt-dim">{title}</span>
      <span className="nbt-choice-row">
        {choices.map(([value, label, words]) => (
          <button
            key={value}
            type="button"
            role="menuitemradio"
            aria-checked={value === chosen}
            aria-label={words}
            title={words}
            onClick={() => onChoose(value)}
          >
            {label}
          </button>
        ))}
      </span>
    </div>
  );
}

function short(text: string): string {
  return text.length > 28 ? `${text.slice(0, 27)}…` : text;
}
