// What the notebook does not show, and what could not be told: a sentence each, with a way to the cell behind it.
import { type ReactNode, useState } from "react";
import type { Hidden, Lineage, LineageCell } from "../../contract";
import { oneLine, plural } from "../../lib/format";
import { Icon } from "../../parts/Icon";
import { Verdict } from "./Verdict";
import { markOf, nameOf, SIGNS, toneOf } from "./words";

interface Props {
  lineage: Lineage;
  onCell: (number: number) => void;
}

const same = (a: Hidden, b: Hidden) => a.what === b.what && a.name === b.name && a.text === b.text;

/** The verdict, and all that led to it. */
export function Findings({ lineage, onCell }: Props) {
  const { hidden, then, unknown, verdict, now, cells } = lineage;
  const since = hidden.filter((one) => !then.some((other) => same(one, other)));
  const gone = then.filter((one) => !hidden.some((other) => same(one, other)));
  const cell = new Map(cells.map((one) => [one.number, one]));
  const toCell: ToCell = { of: (execution) => cells.findLast((one) => one.execution === execution)?.number, onCell };
  const list = (of: readonly Hidden[], label: string) =>
    of.length > 0 && (
      <ul className="nbt-findings" aria-label={label}>
        {of.map((one) => (
          <Finding key={`${one.what} ${one.name} ${one.text}`} one={one} cell={cellOf(one, cell)} toCell={toCell} />
        ))}
      </ul>
    );
  return (
    <section className={`nbt-lin-verdict nbt-lin-${toneOf(hidden, unknown)}`} aria-label="Verdict">
      <p className="nbt-lin-said">
        <Verdict text={verdict} tone={toneOf(hidden, unknown)} />
        <span className="nbt-dim">
          {plural(cells.length, "cell")}
          {now ? ", held against the notebook as it is saved now" : ", as it was when it ran: the notebook is not here"}
        </span>
      </p>
      {list(hidden, "What the notebook does not show")}
      {now && since.length > 0 && then.length > 0 && (
        <p className="nbt-dim nbt-lin-small">
          {plural(since.length, "of these has", "of these have")} come since it ran.
        </p>
      )}
      {gone.length > 0 && (
        <Folded label={`${plural(gone.length, "more")} when it ran`}>{list(gone, "When it ran")}</Folded>
      )}
      {unknown.length > 0 && (
        <Folded label={`${plural(unknown.length, "thing")} could not be told`} open={!hidden.length}>
          <ul className="nbt-findings" aria-label="What could not be told">
            {unknown.map((text) => (
              <li key={text} className="nbt-finding">
                <span className="nbt-finding-sign" aria-hidden="true">
                  ?
                </span>
                <span>{oneLine(text, 400)}</span>
              </li>
            ))}
          </ul>
        </Folded>
      )}
    </section>
  );
}

const cellOf = ({ number }: Hidden, cells: ReadonlyMap<number, LineageCell>) =>
  number === null ? undefined : cells.get(number);

/** The way from "In[4]" to the cell that it was. */
interface ToCell {
  of: (execution: number) => number | undefined;
  onCell: (number: number) => void;
}

interface OneProps {
  one: Hidden;
  cell?: LineageCell | undefined;
  toCell?: ToCell;
}

const NAMED = /In ?\[(\d+)\]/;

export function Finding({ one, cell, toCell }: OneProps) {
  const text = oneLine(one.text, 400);
  return (
    <li className={`nbt-finding nbt-finding-${one.severity}`}>
      <span className="nbt-finding-sign" aria-hidden="true">
        {SIGNS[one.severity]}
      </span>
      <span>
        <span className="nbt-lin-mark">{markOf(one)}</span> {toCell ? <Told text={text} toCell={toCell} /> : text}
        {cell && toCell && !NAMED.test(text) && (
          <>
            {" "}
            <button type="button" className="nbt-link-button" onClick={() => toCell.onCell(cell.number)}>
              {nameOf(cell)}
            </button>
          </>
        )}
      </span>
    </li>
  );
}

/** A sentence whose cells can be gone to. */
function Told({ text, toCell: { of, onCell } }: { text: string; toCell: ToCell }) {
  const parts = text.split(/(In ?\[\d+\])/);
  return (
    <>
      {parts.map((part, at) => {
        const number = at % 2 ? of(Number(NAMED.exec(part)?.[1])) : undefined;
        return number === undefined ? (
          part
        ) : (
          <button key={at} type="button" className="nbt-link-button" onClick={() => onCell(number)}>
            {part.replace(/^In\[/, "In [")}
          </button>
        );
      })}
    </>
  );
}

function Folded({ label, open: first = false, children }: { label: string; open?: boolean; children: ReactNode }) {
  const [open, setOpen] = useState(first);
  return (
    <div className="nbt-lin-small">
      <button type="button" className="nbt-fold nbt-dim" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} />
        {label}
      </button>
      {open && children}
    </div>
  );
}
