// What can be done with the runs that are selected. It floats over the foot, so that no row moves when it comes or goes.
import { plural } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { Menu } from "../../../parts/Menu";
import { useAsk } from "../../../state/query";
import { useSetView, useView } from "../../../state/view";
import { MoveForm } from "./MoveForm";
import { TagForm } from "./TagForm";
import { type Bulk, useBulk } from "./useBulk";

/** Runs side by side that a person can still compare. */
export const MOST_COMPARED = 24;
const LOOKED_AT = 200; // selected runs whose stars and tags are looked at

export function SelectionBar() {
  const count = useView((view) => view.selected.size);
  if (!count) return null;
  return (
    <div className="nbt-bulk-room">
      <Bar />
    </div>
  );
}

function Bar() {
  const selected = useView((view) => view.selected);
  const trashed = useView((view) => view.trashed);
  const set = useSetView();
  const bulk = useBulk();
  const clear = () => set({ selected: new Set() });
  const gone = (done: boolean) => done && clear();
  const count = selected.size;
  const many = count > MOST_COMPARED;
  return (
    <section className="nbt-bulk" aria-label="Selected runs">
      <output className="nbt-bulk-count" aria-live="polite">
        {count.toLocaleString("en-US")} selected
      </output>
      <span className="nbt-bulk-line" />
      <Button
        label="Compare"
        icon="compare"
        disabled={count < 2 || many}
        title={count < 2 ? "Select two or more" : many ? `At most ${MOST_COMPARED} runs` : "Compare them side by side"}
        onClick={() => set({ open: { kind: "compare", ids: [...selected] } })}
      />
      {trashed ? (
        <Button
          label="Restore"
          icon="undo"
          title="Take them out of the trash"
          onClick={() => void bulk.restore().then(gone)}
        />
      ) : (
        <>
          <Edits bulk={bulk} selected={selected} />
          <Button
            label="Delete"
            icon="trash"
            look="danger"
            title="Put them into the trash"
            onClick={() => void bulk.trash().then(gone)}
          />
        </>
      )}
      <span className="nbt-bulk-line" />
      <Button label="Clear the selection" icon="close" iconOnly onClick={clear} />
    </section>
  );
}

function Edits({ bulk, selected }: { bulk: Bulk; selected: ReadonlySet<string> }) {
  const hidden = useView((view) => view.hidden);
  const set = useSetView();
  const rows = useSelectedRows(selected);
  const starred = rows.length > 0 && rows.every((row) => row.starred);
  const closed = new Set(hidden);
  const shown = [...selected].some((id) => !closed.has(id));
  const hide = () => {
    for (const id of selected) shown ? closed.add(id) : closed.delete(id);
    set({ hidden: [...closed], solo: null });
  };
  return (
    <>
      <Menu label="Tag" icon="tag" role="dialog" title="Set or remove a tag">
        {(close) => <TagForm rows={rows} count={selected.size} onSave={(tags) => bulk.edit({ tags })} onDone={close} />}
      </Menu>
      <Button
        label={starred ? "Unstar" : "Star"}
        icon="star"
        onClick={() => void bulk.edit({ starred: !starred })}
        title={starred ? "Take the star off" : "Star them"}
      />
      <Menu label="Move" icon="folder" role="dialog" title="Move to an experiment">
        {(close) => (
          <MoveForm
            title={`Move ${plural(selected.size, "run")} to`}
            onMove={(experiment) => {
              close();
              void bulk.edit({ experiment });
            }}
          />
        )}
      </Menu>
      <Button
        label={shown ? "Hide" : "Show"}
        icon={shown ? "eye-off" : "eye"}
        title={shown ? "Hide in the charts" : "Show in the charts"}
        onClick={hide}
      />
    </>
  );
}

/** The first of the selected runs, for their stars and tags. */
function useSelectedRows(selected: ReadonlySet<string>) {
  const some = [...selected].slice(0, LOOKED_AT).map((id) => `'${id.replaceAll("'", "''")}'`);
  const request = { filter: `id in (${some.join(", ")})`, columns: ["tags.*"], limit: LOOKED_AT };
  return useAsk("runs.page", request, { every: 1000 }).data?.rows ?? [];
}
