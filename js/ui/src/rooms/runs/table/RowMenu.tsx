// What can be done with a run, and with the value that was clicked.
import { useRef } from "react";
import type { RunRow } from "../../../contract";
import { type Column, cellValue } from "../../../lib/columns";
import { value } from "../../../lib/format";
import { MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { Popover } from "../../../parts/Popover";
import { useSetView, useView } from "../../../state/view";
import { sameValue, withAlso } from "./filters";
import type { Actions } from "./useActions";

export interface MenuPlace {
  row: RunRow;
  column: Column | undefined;
  x: number;
  y: number;
}

interface Props {
  at: MenuPlace;
  actions: Actions;
  edit: (row: RunRow, column: string) => void;
  onClose: () => void;
}

export function RowMenu({ at, actions, edit, onClose }: Props) {
  const { row, column, x, y } = at;
  const anchor = useRef<HTMLSpanElement>(null);
  const set = useSetView();
  const baseline = useView((view) => view.baseline);
  const pinned = useView((view) => view.pinnedRuns);
  const hidden = useView((view) => view.hidden);
  const solo = useView((view) => view.solo);
  const also = useView((view) => view.also);
  const selected = useView((view) => view.selected);
  const trashed = useView((view) => view.trashed);
  const chosen = selected.has(row.id) ? [...selected] : [row.id];
  const many = chosen.length > 1 ? ` ${chosen.length} runs` : "";
  const same = column && column.kind !== "metrics" ? sameValue(column, cellValue(row, column.id)) : null;
  const shown = column ? cellValue(row, column.id) : undefined;
  const choose = (act: () => void) => () => {
    onClose();
    act();
  };
  return (
    <>
      <span ref={anchor} className="nbt-point" style={{ left: x, top: y }} />
      <Popover anchor={anchor} open onClose={onClose} label={`Run ${row.name}`}>
        <MenuTitle>{row.name}</MenuTitle>
        <MenuItem icon="file" label="Open" keys="Enter" onChoose={choose(() => actions.open(row.id))} />
        {chosen.length > 1 ? (
          <MenuItem icon="compare" label={`Compare${many}`} keys="c" onChoose={choose(() => actions.compare(chosen))} />
        ) : (
          baseline &&
          baseline !== row.id && (
            <MenuItem
              icon="compare"
              label="Compare with the baseline"
              keys="c"
              onChoose={choose(() => actions.compare([baseline, row.id]))}
            />
          )
        )}
        <MenuItem
          icon="flag"
          label={baseline === row.id ? "No baseline" : "Make it the baseline"}
          keys="b"
          onChoose={choose(() => actions.baseline(row.id))}
        />
        <MenuItem
          icon="pin"
          label={pinned.includes(row.id) ? "Let go from the top" : "Keep at the top"}
          keys="p"
          onChoose={choose(() => actions.pin(row.id))}
        />
        <MenuLine />
        <MenuItem
          icon={hidden.includes(row.id) ? "eye" : "eye-off"}
          label={`${chosen.every((id) => hidden.includes(id)) ? "Show" : "Hide"}${many} in the charts`}
          keys="x"
          onChoose={choose(() => actions.hide(chosen))}
        />
        <MenuItem
          icon="chart"
          label={solo === row.id ? "Show the others again" : "Show only this run"}
          keys="⇧x"
          onChoose={choose(() => actions.solo(row.id))}
        />
        <MenuLine />
        <MenuItem icon="note" label="Rename" keys="F2" onChoose={choose(() => edit(row, "name"))} />
        {same && (
          <MenuItem
            icon="search"
            label={<span className="nbt-menu-cut">Only runs with {same.label}</span>}
            onChoose={choose(() => set({ also: withAlso(also, same) }))}
          />
        )}
        {shown !== undefined && (
          <MenuItem
            icon="copy"
            label="Copy the value"
            onChoose={choose(() => void copyText(typeof shown === "string" ? shown : value(shown, 1e6), actions))}
          />
        )}
        <MenuItem icon="copy" label="Copy the run's id" onChoose={choose(() => void copyText(row.id, actions))} />
        {!trashed && (
          <>
            <MenuLine />
            <MenuItem
              icon="trash"
              danger
              label={`Move${many} to the trash`}
              keys="Del"
              onChoose={choose(() => void actions.trash(chosen).then((done) => done && set({ selected: new Set() })))}
            />
          </>
        )}
      </Popover>
    </>
  );
}

async function copyText(text: string, actions: Actions): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    actions.note("The browser does not let the panel copy.", "Select the text and press Ctrl C.");
  }
}
