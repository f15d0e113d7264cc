// What stands in the dialogs about a run's code.
import { useMemo } from "react";
import type { Change, Rewritten } from "../../contract";
import { oneLine, value } from "../../lib/format";
import { Spinner } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { useMost } from "../run/bits";
import { CodeBlock } from "../run/Code";
import { DiffBlock } from "../run/DiffBlock";
import { pythonLines } from "../run/highlight";
import { lineDiff } from "./lineDiff";

/** The code of a run against the text of a cell. own: the cell that it was run from. */
export function AgainstCell({ run, text, own }: { run: string; text: string; own: boolean }) {
  const { data, error, again } = useAsk("runs.against", { run, text }, { once: true });
  const code = useAsk("runs.code", { run }, { once: true });
  const then = useMemo(() => pythonLines(code.data?.text ?? ""), [code.data?.text]);
  const now = useMemo(() => pythonLines(text), [text]);
  if (!data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Comparing the code" />;
  const cell = own ? "the cell" : "the active cell";
  if (data.same || !data.code.some(({ kind }) => kind === "left" || kind === "right")) {
    return (
      <>
        <p className="nbt-dim">The code is the same as in {cell} now.</p>
        <CodeBlock lines={now} />
      </>
    );
  }
  return (
    <>
      <p className="nbt-dim">
        {own ? "" : "The run's own cell is gone. "}− only then, + only in {cell} now.
      </p>
      <DiffBlock lines={data.code} left={then} right={now} />
    </>
  );
}

interface ParamsProps {
  text: string;
  rewritten: Rewritten;
  /** The cell is there and can be changed. */
  own: boolean;
}

/** The text of a cell with the params of a run in it, before anything is run. */
export function ParamsChange({ text, rewritten, own }: ParamsProps) {
  const { changed, missing } = rewritten;
  const lines = useMemo(() => lineDiff(text, rewritten.text), [text, rewritten.text]);
  const [before, after] = useMemo(() => [pythonLines(text), pythonLines(rewritten.text)], [text, rewritten.text]);
  return (
    <>
      {!own && <p className="nbt-dim">The run's own cell cannot be changed, or is gone: a new one can be inserted.</p>}
      {lines.length ? (
        <DiffBlock lines={lines} left={before} right={after} />
      ) : (
        <>
          <p className="nbt-dim">The code has these params already.</p>
          <CodeBlock lines={after} />
        </>
      )}
      <Changes title="Changed" changes={changed} arrow />
      <Changes
        title="Not set in this cell"
        changes={missing}
        note="The code reads them from elsewhere. They stay as they are in the kernel now."
      />
    </>
  );
}

interface ChangesProps {
  title: string;
  changes: readonly Change[];
  note?: string;
  /** Both values are known. */
  arrow?: boolean;
}

const MOST = 12;

function Changes({ title, changes, note, arrow }: ChangesProps) {
  const [most, more] = useMost(MOST);
  if (!changes.length) return null;
  return (
    <section className="nbt-cell-changes" aria-label={title}>
      <h3>{title}</h3>
      {note && <p className="nbt-dim">{note}</p>}
      <dl>
        {changes.slice(0, most).map(({ name, left, right }) => (
          <div key={name}>
            <dt>{oneLine(name, 60)}</dt>
            <dd>
              {arrow && (
                <>
                  <s>{value(left, 80)}</s> →{" "}
                </>
              )}
              {value(arrow ? right : (right ?? left), 80)}
            </dd>
          </div>
        ))}
      </dl>
      {more(changes.length, "param")}
    </section>
  );
}
