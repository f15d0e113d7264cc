// A small form: only runs whose value in this column is so.
import { useState } from "react";
import type { Column } from "../../../lib/columns";
import { Button } from "../../../parts/Button";
import { useSetView, useView } from "../../../state/view";
import { condition, type Operator, withAlso } from "./filters";

const NUMBERS: readonly (readonly [Operator, string])[] = [
  ["<", "less than"],
  ["<=", "at most"],
  [">", "more than"],
  [">=", "at least"],
  ["=", "equal to"],
  ["!=", "not"],
];
const TEXTS: readonly (readonly [Operator, string])[] = [
  ["=", "equal to"],
  ["!=", "not"],
  ["contains", "containing"],
];

export function ValueFilter({ column, onClose }: { column: Column; onClose: () => void }) {
  const set = useSetView();
  const also = useView((view) => view.also);
  const stats = useView((view) => view.stats);
  const choices = column.numeric ? NUMBERS : TEXTS;
  const [operator, setOperator] = useState<Operator>(choices[0]?.[0] ?? "=");
  const [text, setText] = useState("");
  const made = condition(column, operator, text, stats);
  return (
    <form
      className="nbt-value-filter"
      onSubmit={(event) => {
        event.preventDefault();
        if (!made) return;
        set({ also: withAlso(also, made) });
        onClose();
      }}
    >
      <div className="nbt-menu-title">Only runs with {column.label}</div>
      <div className="nbt-value-filter-line">
        <select
          className="nbt-input"
          aria-label="Comparison"
          value={operator}
          onChange={(event) => setOperator(event.currentTarget.value as Operator)}
        >
          {choices.map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
        <input
          className="nbt-input"
          aria-label="Value"
          inputMode={column.numeric ? "decimal" : "text"}
          // biome-ignore lint/a11y/noAutofocus: the form opens on request, for this field
          autoFocus
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Button label="Filter" look="primary" type="submit" disabled={!made} />
      </div>
    </form>
  );
}
