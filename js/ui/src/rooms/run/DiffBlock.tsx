// A difference of code, one under the other or side by side; what changed within a line is marked.
import { Fragment, useMemo } from "react";
import type { DiffLine } from "../../contract";
import { Coloured, useMost } from "./bits";
import { type Pair, pairs, type Range, unified } from "./diff";
import { type Line, marked, plainLines } from "./highlight";

const SIGNS = { same: " ", left: "−", right: "+", gap: "" } as const;
const WORDS = { same: "", left: "removed", right: "added", gap: "" } as const;
const MOST = 800; // rows

interface Props {
  lines: readonly DiffLine[];
  split?: boolean;
  /** Rows that are shown at first. */
  first?: number;
  /** The coloured lines of each side, where the whole text is known. */
  left?: readonly Line[];
  right?: readonly Line[];
}

export function DiffBlock({ lines, split, first = MOST, left, right }: Props) {
  const rows = useMemo(() => pairs(lines), [lines]);
  const [most, more] = useMost(first);
  const flat = useMemo(() => (split ? [] : unified(rows)), [rows, split]);
  const coloured = (line: DiffLine, marks: readonly Range[]): Line => {
    const at = line.kind === "left" ? line.left : line.right;
    const known = (line.kind === "left" ? left : right)?.[(at ?? 0) - 1];
    return marked(known?.length ? known : (plainLines(line.text)[0] ?? []), marks);
  };
  const total = split ? rows.length : flat.length;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="nbt-diff-box" aria-label="Difference of the code" tabIndex={0}>
      <table className={`nbt-diff${split ? " nbt-diff-split" : ""}`}>
        {split && <Columns />}
        <tbody>
          {split
            ? rows.slice(0, most).map((row, at) => <SplitRow key={at} row={row} coloured={coloured} />)
            : flat.slice(0, most).map(({ line, marks }, at) =>
                line.kind === "gap" ? (
                  <Gap key={at} columns={4} />
                ) : (
                  <tr key={at} className={`nbt-diff-${line.kind}`}>
                    <td className="nbt-line-number" data-n={line.left ?? ""} />
                    <td className="nbt-line-number" data-n={line.right ?? ""} />
                    <Sign kind={line.kind} />
                    <td className="nbt-diff-text">
                      <Coloured line={coloured(line, marks)} />
                    </td>
                  </tr>
                ),
              )}
        </tbody>
      </table>
      {more(total, "line")}
    </section>
  );
}

/** How wide they are cannot be told by the first row: it may be a gap over all of them. */
const Columns = () => (
  <colgroup>
    {[0, 1].map((side) => (
      <Fragment key={side}>
        <col className="nbt-col-number" />
        <col className="nbt-col-sign" />
        <col />
      </Fragment>
    ))}
  </colgroup>
);

function SplitRow({ row, coloured }: { row: Pair; coloured: (line: DiffLine, marks: readonly Range[]) => Line }) {
  const { left, right } = row;
  if (left?.kind === "gap") return <Gap columns={6} />;
  const side = (line: DiffLine | null, number: number | null | undefined, marks: readonly Range[]) =>
    line ? (
      <>
        <td className={`nbt-line-number nbt-diff-${line.kind}`} data-n={number ?? ""} />
        <Sign kind={line.kind} />
        <td className={`nbt-diff-text nbt-diff-${line.kind}`}>
          <Coloured line={coloured(line, marks)} />
        </td>
      </>
    ) : (
      <td colSpan={3} className="nbt-diff-none" />
    );
  return (
    <tr>
      {side(left, left?.left, row.leftMarks)}
      {side(right, right?.right, row.rightMarks)}
    </tr>
  );
}

function Sign({ kind }: { kind: DiffLine["kind"] }) {
  return (
    <td className={`nbt-diff-sign nbt-diff-${kind}`}>
      <span aria-hidden="true">{SIGNS[kind]}</span>
      {WORDS[kind] && <span className="nbt-sr">{WORDS[kind]}</span>}
    </td>
  );
}

function Gap({ columns }: { columns: number }) {
  return (
    <tr className="nbt-diff-gap">
      <td colSpan={columns}>
        ⋯<span className="nbt-sr">lines left out</span>
      </td>
    </tr>
  );
}
