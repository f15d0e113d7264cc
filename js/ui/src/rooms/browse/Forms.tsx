// The small forms of the list: tags of some runs, the note of one.
import { type RefObject, useState } from "react";
import type { BriefRow } from "../../contract";
import { Button } from "../../parts/Button";
import { Popover } from "../../parts/Popover";
import { TagForm } from "../runs/toolbar/TagForm";
import type { Actions } from "./useActions";

export interface FormPlace {
  kind: "tags" | "note";
  runs: string[];
}

interface Props {
  form: FormPlace;
  rows: BriefRow[];
  anchor: RefObject<HTMLElement | null>;
  actions: Actions;
  onClose: () => void;
}

export function Forms({ form, rows, anchor, actions, onClose }: Props) {
  const { kind, runs } = form;
  const label = kind === "note" ? "Note" : runs.length > 1 ? `Tags of ${runs.length} runs` : "Tags";
  return (
    <Popover anchor={anchor} open onClose={onClose} label={label} role="dialog" className="nbt-side-form">
      {kind === "tags" ? (
        <TagForm rows={rows} count={runs.length} onSave={(tags) => actions.edit(runs, { tags })} onDone={onClose} />
      ) : (
        <NoteForm
          note={rows[0]?.note ?? ""}
          onSave={(note) => {
            onClose();
            void actions.edit(runs, { note });
          }}
        />
      )}
    </Popover>
  );
}

function NoteForm({ note, onSave }: { note: string; onSave: (note: string) => void }) {
  const [text, setText] = useState(note);
  return (
    <form
      className="nbt-form"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(text);
      }}
    >
      <textarea
        className="nbt-input"
        // The popover gives the keyboard to what has this attribute, which React only keeps as a property.
        ref={(own) => own?.setAttribute("autofocus", "")}
        aria-label="Note"
        placeholder="What is worth knowing"
        rows={4}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onSave(text);
        }}
      />
      <Button label="Save" look="primary" type="submit" disabled={text === note} />
    </form>
  );
}
