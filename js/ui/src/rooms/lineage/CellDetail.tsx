// One cell behind a run, whole: its code, what it took and gave, what it read, and its output if it was a run itself.
import { type RefObject, useMemo } from "react";
import type { Lineage, LineageCell } from "../../contract";
import { ago, oneLine, toNumber, when } from "../../lib/format";
import { Button } from "../../parts/Button";
import { RunMark, Spinner, Status } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { useSetView } from "../../state/view";
import { Section } from "../run/bits";
import { CodeBlock } from "../run/Code";
import { plainLines, pythonLines } from "../run/highlight";
import { Output } from "../run/Output";
import { Finding } from "./Findings";
import { nameOf } from "./words";

const LONG = 200_000; // characters of code that are not coloured

interface Props {
  lineage: Lineage;
  cell: LineageCell;
  onCell: (number: number) => void;
  onClose: () => void;
  root: RefObject<HTMLElement>;
}

export function CellDetail({ lineage, cell, onCell, onClose, root }: Props) {
  const { source, hidden, gives, data, run } = cell;
  const lines = useMemo(() => {
    const text = source ?? "";
    return text.length < LONG ? pythonLines(text) : plainLines(text);
  }, [source]);
  const held = Object.entries(gives);
  return (
    <section ref={root} className="nbt-lin-detail" aria-label={`Cell ${nameOf(cell)}`}>
      <Head cell={cell} onClose={onClose} />
      {hidden.length > 0 && (
        <ul className="nbt-findings" aria-label="What the notebook does not show of it">
          {hidden.map((one) => (
            <Finding key={`${one.what} ${one.name} ${one.text}`} one={one} />
          ))}
        </ul>
      )}
      <Section title="Code">
        {source ? <CodeBlock lines={lines} /> : <p className="nbt-dim">No code was recorded.</p>}
      </Section>
      <Takes lineage={lineage} cell={cell} onCell={onCell} />
      {held.length > 0 && (
        <Section title="Gives">
          <table className="nbt-run-table nbt-lin-names">
            <tbody>
              {held.map(([name, what]) => (
                <tr key={name}>
                  <th scope="row">{oneLine(name, 80)}</th>
                  <td>{oneLine(what, 120)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
      {data.length > 0 && (
        <Section title="Reads">
          <ul className="nbt-lin-reads">
            {data.map((one) => (
              <li key={one}>{oneLine(one, 200)}</li>
            ))}
          </ul>
        </Section>
      )}
      {run && <OfRun run={run} own={run === lineage.run} />}
    </section>
  );
}

function Head({ cell, onClose }: Pick<Props, "cell" | "onClose">) {
  const { position, status, started } = cell;
  const moment = toNumber(started);
  return (
    <header className="nbt-lin-title">
      <h3>{nameOf(cell)}</h3>
      <span className="nbt-dim">{position === null ? "not in the notebook now" : `cell ${position}`}</span>
      {status !== null && status !== "ok" && <span className="nbt-lin-failed">✗ {oneLine(status, 40)}</span>}
      {started !== null && (
        <span className="nbt-dim" title={when(moment)}>
          {ago(moment)}
        </span>
      )}
      <Button className="nbt-end" icon="close" iconOnly label="Close the cell (Esc)" onClick={onClose} />
    </header>
  );
}

function Takes({ lineage: { edges, cells }, cell, onCell }: Pick<Props, "lineage" | "cell" | "onCell">) {
  const taken = edges.filter(({ target }) => target === cell.number);
  if (!taken.length) return null;
  return (
    <Section title="Takes">
      <table className="nbt-run-table nbt-lin-names">
        <tbody>
          {taken.map(({ source, names }) => {
            const from = cells.find(({ number }) => number === source);
            return (
              <tr key={source}>
                <th scope="row">{oneLine(names.join(", "), 200)}</th>
                <td>
                  from{" "}
                  <button type="button" className="nbt-link-button" onClick={() => onCell(source)}>
                    {from ? nameOf(from) : "an earlier cell"}
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Section>
  );
}

function OfRun({ run, own }: { run: string; own: boolean }) {
  const { data, error, again } = useAsk("runs.get", { run }, { every: 3000 });
  const set = useSetView();
  if (!data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Loading its run" />;
  return (
    <Section
      title="Output"
      aside={
        !own && (
          <button
            type="button"
            className="nbt-link-button"
            title="Open this run"
            onClick={() => set({ open: { kind: "run", id: run } })}
          >
            <RunMark id={run} />
            {oneLine(data.row.name, 60)}
            <Status status={data.row.status} reason={data.row.end_reason} />
          </button>
        )
      }
    >
      <Output detail={data} />
    </Section>
  );
}
