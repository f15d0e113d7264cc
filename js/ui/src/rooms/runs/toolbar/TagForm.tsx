// Sets one tag on all runs that are selected, or takes it off them.
import { type FormEvent, useId, useState } from "react";
import type { RunRow } from "../../../contract";
import { oneLine } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { Icon } from "../../../parts/Icon";
import { useAsk } from "../../../state/query";

interface Props {
  rows: readonly Pick<RunRow, "tags">[];
  count: number;
  onSave: (tags: Record<string, string | null>) => Promise<boolean>;
  onDone: () => void;
}

const LISTED = 12;

/** The tags of some runs: on how many of them, and the values there are. */
export function tagsOf(rows: readonly Pick<RunRow, "tags">[]): { name: string; runs: number; values: string[] }[] {
  const found = new Map<string, { runs: number; values: Set<string> }>();
  for (const { tags } of rows) {
    for (const [name, text] of Object.entries(tags)) {
      const known = found.get(name) ?? { runs: 0, values: new Set<string>() };
      known.runs += 1;
      found.set(name, { ...known, values: known.values.add(text) });
    }
  }
  return [...found]
    .map(([name, { runs, values }]) => ({ name, runs, values: [...values] }))
    .sort((a, b) => b.runs - a.runs || a.name.localeCompare(b.name));
}

export function TagForm({ rows, count, onSave, onDone }: Props) {
  const keys = useAsk("runs.keys", {}, { every: 5000 });
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const id = useId();
  const own = tagsOf(rows);
  const known = (keys.data?.keys ?? []).filter((key) => key.kind === "tag").map((key) => key.name);
  const values = own.find((tag) => tag.name === name.trim())?.values ?? [];
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() && (await onSave({ [name.trim()]: text.trim() || "true" }))) onDone();
  };
  return (
    <form className="nbt-form" onSubmit={(event) => void save(event)}>
      <div className="nbt-form-row">
        <label>
          Tag
          <input
            className="nbt-input"
            list={`${id}-names`}
            value={name}
            autoComplete="off"
            spellCheck={false}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <label>
          Value
          <input
            className="nbt-input"
            list={`${id}-values`}
            placeholder="true"
            value={text}
            autoComplete="off"
            spellCheck={false}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <datalist id={`${id}-names`}>
          {known.slice(0, 200).map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <datalist id={`${id}-values`}>
          {values.slice(0, 50).map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
        <Button label="Set" look="primary" type="submit" disabled={!name.trim()} />
      </div>
      {own.length > 0 && (
        <ul className="nbt-chips" aria-label="Tags they have">
          {own.slice(0, LISTED).map((tag) => (
            <li key={tag.name} className="nbt-chip nbt-chip-off">
              <span className="nbt-chip-text">
                {oneLine(tag.name, 40)}
                {tag.values.length === 1 && <span className="nbt-dim"> {oneLine(tag.values[0] ?? "", 30)}</span>}
                {count > 1 && <span className="nbt-dim"> · {tag.runs === count ? "all" : tag.runs}</span>}
              </span>
              <button
                type="button"
                className="nbt-chip-close"
                aria-label={`Take the tag ${oneLine(tag.name, 40)} off`}
                title="Take it off"
                onClick={() => void onSave({ [tag.name]: null })}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
