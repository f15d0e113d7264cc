// The field that stands in a cell while it is edited.
import type { RunRow } from "../../../contract";
import { TagField, TextField } from "./Editors";
import type { Actions } from "./useActions";

interface Props {
  row: RunRow;
  /** "name", "note", "tags" or "tags.stage". */
  column: string;
  /** Names of tags there are. */
  tagNames: readonly string[];
  actions: Actions;
  onEnd: () => void;
}

export function EditCell({ row, column, tagNames, actions, onEnd }: Props) {
  const runs = [row.id];
  if (column === "tags") {
    const set = (name: string, text: string | null) => void actions.edit({ runs, tags: { [name]: text } }, true);
    return <TagField tags={row.tags} known={tagNames} onSet={set} onEnd={onEnd} />;
  }
  if (column.startsWith("tags.")) {
    const name = column.slice("tags.".length);
    const save = (text: string) => void actions.edit({ runs, tags: { [name]: text || null } });
    return (
      <TextField
        label={`Tag ${name} of ${row.name}`}
        text={(Object.hasOwn(row.tags, name) && row.tags[name]) || ""}
        onSave={save}
        onEnd={onEnd}
      />
    );
  }
  if (column === "note") {
    const save = (note: string) => void actions.edit({ runs, note });
    return (
      <TextField
        label={`Note of ${row.name}`}
        text={row.note}
        placeholder="What is worth knowing"
        onSave={save}
        onEnd={onEnd}
      />
    );
  }
  const save = (name: string) => void (name && actions.edit({ runs, name }));
  return <TextField label={`Name of ${row.name}`} text={row.name} onSave={save} onEnd={onEnd} />;
}
