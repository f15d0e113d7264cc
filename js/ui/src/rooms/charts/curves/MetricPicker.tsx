// Which metrics have a chart.
import { useState } from "react";
import type { Column } from "../../../lib/columns";
import { plural } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { Menu, MenuItem } from "../../../parts/Menu";

interface Props {
  columns: readonly Column[];
  chosen: readonly string[];
  onChosen: (metrics: string[] | null) => void;
}

const SHOWN = 200; // names in the list; a search finds the others
const AT_ONCE = 60; // charts that one click adds

export function MetricPicker({ columns, chosen, onChosen }: Props) {
  return (
    <Menu label="Metrics" icon="chart" role="dialog" className="nbt-curve-picker">
      {() => <Picker columns={columns} chosen={chosen} onChosen={onChosen} />}
    </Menu>
  );
}

function Picker({ columns, chosen, onChosen }: Props) {
  const [text, setText] = useState("");
  const found = matching(columns, text);
  const added = found.map(({ label }) => label).filter((label) => !chosen.includes(label));
  const toggle = (label: string) =>
    onChosen(chosen.includes(label) ? chosen.filter((one) => one !== label) : [...chosen, label]);
  return (
    <>
      <input
        className="nbt-input nbt-curve-picker-search"
        type="search"
        placeholder="Find a metric"
        aria-label="Find a metric"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div className="nbt-curve-picker-acts">
        <Button
          label={text ? `Add ${Math.min(added.length, AT_ONCE)}` : "All"}
          disabled={!added.length}
          onClick={() => onChosen([...chosen, ...added.slice(0, AT_ONCE)])}
        />
        <Button label="None" disabled={!chosen.length} onClick={() => onChosen([])} />
        <Button label="The first ones" onClick={() => onChosen(null)} />
      </div>
      <div className="nbt-curve-picker-list">
        {found.slice(0, SHOWN).map(({ label, runs }) => (
          <MenuItem
            key={label}
            label={label}
            note={plural(runs, "run")}
            checked={chosen.includes(label)}
            onChoose={() => toggle(label)}
          />
        ))}
        {found.length > SHOWN && <p className="nbt-dim">… {found.length - SHOWN} more</p>}
        {!found.length && <p className="nbt-dim">No metric is called that.</p>}
      </div>
    </>
  );
}

/** Those whose name has all the words. */
export function matching(columns: readonly Column[], text: string): Column[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return columns.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
}
