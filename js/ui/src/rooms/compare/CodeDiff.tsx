// What changed in the code from one of the runs to another.
import { useState } from "react";
import type { RunDetail } from "../../contract";
import { oneLine, plural } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Spinner } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { DiffBlock } from "../run/DiffBlock";

interface Props {
  runs: readonly RunDetail[];
  /** The place of the run that the others are compared with. */
  base: number;
}

export function CodeDiff({ runs, base }: Props) {
  const [chosen, setChosen] = useState<{ left?: string; right?: string }>({});
  const [split, setSplit] = useState(true);
  const of = (id: string | undefined) => runs.find(({ row }) => row.id === id);
  const left = of(chosen.left) ?? runs[base] ?? runs[0];
  const right = of(chosen.right) ?? runs.find((run) => run !== left);
  if (!left || !right) return null;
  return (
    <section className="nbt-compare-part" aria-label="Code">
      <header className="nbt-part-head">
        <h3>Code</h3>
        {runs.length > 2 ? (
          <>
            <Choice
              label="From"
              runs={runs}
              value={left.row.id}
              onChoose={(id) => setChosen({ ...chosen, left: id })}
            />
            <span aria-hidden="true">→</span>
            <Choice
              label="To"
              runs={runs}
              value={right.row.id}
              onChoose={(id) => setChosen({ ...chosen, right: id })}
            />
          </>
        ) : (
          <span className="nbt-dim">
            {oneLine(left.row.name, 40)} → {oneLine(right.row.name, 40)}
          </span>
        )}
        <span className="nbt-spring" />
        <Button label="Side by side" aria-pressed={split} onClick={() => setSplit(!split)} />
      </header>
      <Difference left={left} right={right} split={split} />
    </section>
  );
}

interface ChoiceProps {
  label: string;
  runs: readonly RunDetail[];
  value: string;
  onChoose: (id: string) => void;
}

function Choice({ label, runs, value, onChoose }: ChoiceProps) {
  return (
    <select
      className="nbt-input nbt-run-select"
      aria-label={label}
      value={value}
      onChange={(event) => onChoose(event.currentTarget.value)}
    >
      {runs.map(({ row }) => (
        <option key={row.id} value={row.id}>
          {oneLine(row.name, 60)}
        </option>
      ))}
    </select>
  );
}

function Difference({ left, right, split }: { left: RunDetail; right: RunDetail; split: boolean }) {
  const none = left.code === null && right.code === null;
  const same = left.row.id === right.row.id || left.code === right.code;
  const { data, error, again } = useAsk(
    "runs.diff",
    { left: left.row.id, right: right.row.id },
    { off: none || same, every: 5000 },
  );
  if (none) return <p className="nbt-dim">No code was recorded: neither run was made by a tracked cell.</p>;
  if (left.row.id === right.row.id) return <p className="nbt-dim">Choose two different runs.</p>;
  if (same) return <p className="nbt-dim">The code is the same.</p>;
  if (!data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Comparing the code" />;
  const count = (kind: string) => data.code.filter((line) => line.kind === kind).length;
  return (
    <>
      <p className="nbt-dim">
        {plural(count("right"), "line")} added, {count("left").toLocaleString("en-US")} removed
      </p>
      <DiffBlock lines={data.code} split={split} />
    </>
  );
}
