// The table of a comparison: a column for each run, a line for each thing.
import { Fragment, useState } from "react";
import type { RunDetail } from "../../contract";
import { ago, oneLine, plural, toNumber } from "../../lib/format";
import { Button } from "../../parts/Button";
import { RunMark, Status } from "../../parts/Marks";
import { useSetView } from "../../state/view";
import type { Cell, Line, Section } from "./lines";

interface Props {
  runs: readonly RunDetail[];
  sections: readonly Section[];
  base: number;
  /** Lines in which all runs are the same are shown, too. */
  same: boolean;
  onRemove: (id: string) => void;
}

export function CompareTable({ runs, sections, base, same, onRemove }: Props) {
  const shown = sections.filter((section) => same || section.lines.some((line) => line.differs));
  return (
    <table className="nbt-compare-table">
      <thead>
        <tr>
          <td />
          {runs.map((run, at) => (
            <Head key={run.row.id} run={run} base={at === base} several={runs.length > 1} onRemove={onRemove} />
          ))}
        </tr>
      </thead>
      {shown.map((section) => (
        <Lines key={section.title} section={section} runs={runs} base={base} same={same} />
      ))}
      {!shown.length && (
        <tbody>
          <tr>
            <td colSpan={runs.length + 1} className="nbt-compare-none">
              {runs.length > 1 ? "Nothing that was recorded differs." : "One run alone differs from nothing."}
            </td>
          </tr>
        </tbody>
      )}
    </table>
  );
}

interface HeadProps {
  run: RunDetail;
  base: boolean;
  several: boolean;
  onRemove: (id: string) => void;
}

function Head({ run: { row }, base, several, onRemove }: HeadProps) {
  const set = useSetView();
  const name = oneLine(row.name, 60);
  return (
    <th scope="col" className={base && several ? "nbt-compare-base" : ""}>
      <div className="nbt-compare-name">
        <RunMark id={row.id} />
        <button
          type="button"
          className="nbt-name-button"
          title={`${oneLine(row.name, 300)}: open`}
          onClick={() => set({ open: { kind: "run", id: row.id } })}
        >
          {name}
        </button>
        <Button icon="close" iconOnly label={`Leave ${name} out`} onClick={() => onRemove(row.id)} />
      </div>
      <div className="nbt-compare-facts">
        <Status status={row.status} reason={row.end_reason} />
        <span className="nbt-dim">{ago(toNumber(row.started))}</span>
        {several && (
          <button
            type="button"
            className="nbt-text-button nbt-base-button"
            aria-pressed={base}
            title={base ? "The others are compared with it" : "Compare the others with it"}
            onClick={() => set({ baseline: row.id })}
          >
            {base ? "baseline" : "set baseline"}
          </button>
        )}
      </div>
    </th>
  );
}

const FIRST = 100; // lines of a section before the others are asked for by hand
const MORE = 400;

interface LinesProps {
  section: Section;
  runs: readonly RunDetail[];
  base: number;
  same: boolean;
}

function Lines({ section, runs, base, same }: LinesProps) {
  const [most, setMost] = useState(FIRST);
  const { title, numeric, lines } = section;
  const differing = lines.filter((line) => line.differs).length;
  const wanted = same ? lines : lines.slice(0, differing);
  const equal = lines.length - differing;
  return (
    <tbody>
      <tr className="nbt-compare-section">
        <th scope="rowgroup">
          {title}
          {equal > 0 && <span className="nbt-dim"> {equal.toLocaleString("en-US")} the same</span>}
        </th>
        <td colSpan={runs.length} />
      </tr>
      {wanted.slice(0, most).map((line) => (
        <tr key={line.name} className={line.differs ? "" : "nbt-compare-same"}>
          <th scope="row" title={oneLine(line.name, 400)}>
            <Name line={line} />
          </th>
          <Cells line={line} runs={runs} base={base} numeric={numeric} />
        </tr>
      ))}
      {wanted.length > most && (
        <tr>
          <th scope="row">
            <button type="button" className="nbt-text-button" onClick={() => setMost(most + MORE)}>
              {plural(wanted.length - most, "more line")}
            </button>
          </th>
          <td colSpan={runs.length} />
        </tr>
      )}
    </tbody>
  );
}

interface CellsProps {
  line: Line;
  runs: readonly RunDetail[];
  base: number;
  numeric: boolean;
}

function Cells({ line, runs, base, numeric }: CellsProps) {
  const cells = line.cells();
  return (
    <>
      {cells.map((cell, at) => (
        <td key={runs[at]?.row.id} className={numeric ? "nbt-compare-numeric" : ""}>
          <Value cell={cell} changed={line.differs && !numeric && cell.text !== cells[base]?.text} />
        </td>
      ))}
    </>
  );
}

function Name({ line }: { line: Line }) {
  return (
    <Fragment>
      {oneLine(line.name, 120)}
      {line.note && <span className="nbt-dim"> {line.note}</span>}
    </Fragment>
  );
}

function Value({ cell, changed }: { cell: Cell; changed: boolean }) {
  if (cell.missing) return <span className="nbt-none">{cell.text}</span>;
  const { delta } = cell;
  const way = delta?.good === true ? " nbt-good" : delta?.good === false ? " nbt-worse" : "";
  return (
    <>
      <span
        className={`nbt-compare-value${changed ? " nbt-changed" : ""}${cell.best ? " nbt-best" : ""}`}
        title={cell.text.length > 60 ? cell.text : undefined}
      >
        {cell.best && (
          <span className="nbt-best-sign" title="The best of these">
            ★<span className="nbt-sr">best</span>
          </span>
        )}
        {cell.text}
      </span>
      {delta && <span className={`nbt-delta${way}`}>{delta.text}</span>}
    </>
  );
}
