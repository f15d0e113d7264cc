// Chooses the experiment that runs are moved to: one that there is, or a new one.
import { type FormEvent, useState } from "react";
import { oneLine } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { useAsk } from "../../../state/query";

const MOST = 50;

export function MoveForm({ title, onMove }: { title: string; onMove: (experiment: string) => void }) {
  const asked = useAsk("experiments.list", {}, { every: 5000 });
  const [name, setName] = useState("");
  const wanted = name.trim();
  const all = asked.data?.experiments ?? [];
  const found = all.filter((one) => one.name.toLowerCase().includes(wanted.toLowerCase()));
  const exact = all.some((one) => one.name === wanted);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wanted) onMove(wanted);
  };
  return (
    <form className="nbt-form" onSubmit={submit}>
      <div className="nbt-form-row">
        <label>
          {title}
          <input
            className="nbt-input"
            placeholder="An experiment, or a new name"
            value={name}
            autoComplete="off"
            spellCheck={false}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <Button label={wanted && !exact ? "Move to new" : "Move"} look="primary" type="submit" disabled={!wanted} />
      </div>
      <ul className="nbt-form-list" aria-label="Experiments">
        {found.slice(0, MOST).map((one) => (
          <li key={one.name}>
            <button type="button" className="nbt-menu-item" onClick={() => onMove(one.name)}>
              <span className="nbt-menu-label">{oneLine(one.name, 60)}</span>
              <span className="nbt-menu-note">{one.runs.toLocaleString("en-US")}</span>
            </button>
          </li>
        ))}
      </ul>
    </form>
  );
}
