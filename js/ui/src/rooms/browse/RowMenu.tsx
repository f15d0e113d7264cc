// What can be done with a run, or with all that are chosen.
import { useRef } from "react";
import type { BriefRow } from "../../contract";
import { oneLine } from "../../lib/format";
import { MenuItem, MenuLine, MenuTitle } from "../../parts/Menu";
import { Popover } from "../../parts/Popover";
import type { Host, HostCommand } from "./host";
import { type Memory, useBrowse } from "./memory";
import type { Actions } from "./useActions";

export interface MenuPlace {
  row: BriefRow;
  x: number;
  y: number;
}

interface Props {
  at: MenuPlace;
  project: string;
  memory: Memory;
  host: Host;
  actions: Actions;
  onRename: (id: string) => void;
  onForm: (kind: "tags" | "note", runs: string[]) => void;
  onClose: () => void;
}

const CODE = [
  ["diffWithCell", "Compare its code with the cell"],
  ["restoreCode", "Restore its code"],
  ["insertCode", "Insert its code below"],
  ["runWithParams", "Run with these params"],
] as const satisfies readonly (readonly [HostCommand, string])[];

export function RowMenu({ at, project, memory, host, actions, onRename, onForm, onClose }: Props) {
  const { row, x, y } = at;
  const anchor = useRef<HTMLSpanElement>(null);
  const selected = useBrowse(memory, (one) => one.selected);
  const { set, filter } = memory.browse.getState();
  const chosen = selected.has(row.id) ? [...selected] : [row.id];
  const others = [...selected].filter((id) => id !== row.id);
  const single = chosen.length === 1;
  const many = single ? "" : ` ${chosen.length} runs`;
  const given = { project, run: row.id };
  const can = { compare: host.can("compare", { project, runs: chosen }) };
  const code = single ? CODE.filter(([command]) => host.can(command, given)) : [];
  const spec = single ? { filter } : { also: [`id in (${chosen.map((id) => `'${id}'`).join(", ")})`] };
  const choose = (act: () => unknown) => () => {
    onClose();
    act();
  };
  return (
    <>
      <span ref={anchor} className="nbt-side-point" style={{ left: x, top: y }} />
      <Popover
        anchor={anchor}
        open
        onClose={onClose}
        label={single ? `Run ${row.name.slice(0, 80)}` : `${chosen.length} runs`}
      >
        <MenuTitle>
          <bdi className="nbt-side-cut">{single ? oneLine(row.name, 80) : `${chosen.length} runs`}</bdi>
        </MenuTitle>
        {single && host.can("openRun", given) && (
          <MenuItem icon="file" label="Open" keys="Enter" onChoose={choose(() => actions.open(row))} />
        )}
        {host.can("openRuns", { project, spec }) && (
          <MenuItem
            icon="columns"
            label={single ? "Open the table" : "Open these in the table"}
            onChoose={choose(() => host.run("openRuns", { project, spec }).catch(actions.fail))}
          />
        )}
        {can.compare && !single && (
          <MenuItem icon="compare" label={`Compare${many}`} keys="C" onChoose={choose(() => actions.compare(chosen))} />
        )}
        {can.compare && single && others.length > 0 && (
          <MenuItem
            icon="compare"
            label={others.length === 1 ? "Compare with the selected run" : `Compare with the ${others.length} selected`}
            onChoose={choose(() => actions.compare([...others, row.id]))}
          />
        )}
        {can.compare && single && (
          <MenuItem
            icon="compare"
            label="Compare with…"
            onChoose={choose(() => set({ partner: row.id, active: row.id }))}
          />
        )}
        {code.length > 0 && <MenuLine />}
        {code.map(([command, label]) => (
          <MenuItem key={command} label={label} onChoose={choose(() => host.run(command, given).catch(actions.fail))} />
        ))}
        <MenuLine />
        {single && <MenuItem icon="note" label="Rename" keys="F2" onChoose={choose(() => onRename(row.id))} />}
        <MenuItem icon="tag" label={`Tag${many}…`} keys="T" onChoose={choose(() => onForm("tags", chosen))} />
        {single && <MenuItem icon="note" label="Note…" keys="N" onChoose={choose(() => onForm("note", chosen))} />}
        <MenuItem
          icon="star"
          label={row.starred ? `Take the star off${many}` : `Star${many}`}
          keys="S"
          onChoose={choose(() => actions.edit(chosen, { starred: !row.starred }, single))}
        />
        {single && <MenuItem icon="copy" label="Copy the run's id" onChoose={choose(() => actions.copy(row.id))} />}
        <MenuLine />
        <MenuItem
          icon="trash"
          danger
          label={`Move${many} to trash`}
          keys="Del"
          onChoose={choose(() => actions.trash(chosen))}
        />
      </Popover>
    </>
  );
}
