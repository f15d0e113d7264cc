// The code as it was run, or what changed in it since another run; and what the kernel executed before.
import { useMemo, useState } from "react";
import type { Execution } from "../../contract";
import { ago, duration, oneLine, plural, toNumber } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { Spinner } from "../../parts/Marks";
import { EmptyState, ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { Coloured, Section, useMost } from "./bits";
import { Chooser } from "./Chooser";
import { useCopy } from "./copy";
import { DiffBlock } from "./DiffBlock";
import { type Line, plainLines, pythonLines } from "./highlight";
import { noneBefore } from "./Reasons";
import { SELDOM, type TabProps, useRoom, useSetRoom } from "./state";

export function Code({ detail, explained }: TabProps) {
  const { code, row } = detail;
  const diff = useRoom((room) => room.diff);
  const split = useRoom((room) => room.split);
  const byHand = useRoom((room) => room.against) !== "previous";
  const setRoom = useSetRoom();
  const copy = useCopy();
  const left = explained.data?.left ?? null;
  const shown = diff && left !== null && left.id !== row.id;
  const lines = useMemo(() => pythonLines(code ?? ""), [code]);
  return (
    <div className="nbt-code-tab">
      <div className="nbt-run-bar">
        <fieldset className="nbt-choices" aria-label="How the code is shown">
          <Button label="As it was run" aria-pressed={!diff} onClick={() => setRoom({ diff: false })} />
          <Button label="Difference" aria-pressed={diff} onClick={() => setRoom({ diff: true })} />
        </fieldset>
        {diff && <Chooser run={row.id} explanation={explained.data} />}
        {shown && (
          <Button
            className="nbt-wide-only"
            icon="columns"
            label="Side by side"
            aria-pressed={split}
            onClick={() => setRoom({ split: !split })}
          />
        )}
        {code && <Button icon="copy" label="Copy" className="nbt-end" onClick={() => copy(code, "the code")} />}
      </div>
      {diff && !left && !explained.data && !explained.error && <Spinner label="Comparing" />}
      {diff && !left && explained.data && (
        <p className="nbt-dim">{noneBefore(row, byHand)} Choose another run above.</p>
      )}
      {diff && explained.error && !explained.data && <ErrorNote error={explained.error} again={explained.again} />}
      {shown && left ? (
        <CodeDiff left={left.id} right={row.id} lines={lines} split={split} />
      ) : code ? (
        <CodeBlock lines={lines} />
      ) : (
        <EmptyState title="No code was recorded">
          <p>
            {row.kind === "cell"
              ? "The cell's text is not in the file."
              : "This run was not made by a tracked cell. Its script or notebook is named above."}
          </p>
        </EmptyState>
      )}
      <Earlier run={row.id} />
    </div>
  );
}

function CodeDiff({ left, right, lines, split }: { left: string; right: string; lines: Line[]; split: boolean }) {
  const asked = useAsk("runs.diff", { left, right }, { every: SELDOM });
  const other = useAsk("runs.code", { run: left }, { every: SELDOM });
  const leftLines = useMemo(() => pythonLines(other.data?.text ?? ""), [other.data?.text]);
  const { data, error, again, stale } = asked;
  if (!data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Comparing the code" />;
  if (!data.code.length) {
    return (
      <>
        <p className="nbt-dim">The code is the same as of {oneLine(data.left.name, 60)}.</p>
        <CodeBlock lines={lines} />
      </>
    );
  }
  const count = (kind: string) => data.code.filter((line) => line.kind === kind).length;
  return (
    <div className={stale ? "nbt-run-stale" : ""}>
      <p className="nbt-dim nbt-diff-title">
        {oneLine(data.left.name, 60)} → {oneLine(data.right.name, 60)}: {plural(count("right"), "line")} added,{" "}
        {count("left").toLocaleString("en-US")} removed
      </p>
      <DiffBlock lines={data.code} split={split} left={leftLines} right={lines} />
    </div>
  );
}

const MOST_LINES = 1500;

export function CodeBlock({ lines }: { lines: readonly Line[] }) {
  const [most, more] = useMost(MOST_LINES);
  return (
    <>
      <pre className="nbt-source-code">
        {lines.slice(0, most).map((line, at) => (
          <span key={at} className="nbt-source-line" data-n={at + 1}>
            <Coloured line={line} />
          </span>
        ))}
      </pre>
      {more(lines.length, "line")}
    </>
  );
}

/** What the same kernel executed before: what the run may owe its variables to. */
function Earlier({ run }: { run: string }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useAsk("runs.executions", { run }, { off: !open, once: true });
  const [most, more] = useMost(60);
  const found = useMemo(() => [...(data?.executions ?? [])].reverse(), [data]);
  return (
    <Section
      title={
        <button type="button" className="nbt-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "down" : "right"} />
          What the kernel executed before
          {data && <span className="nbt-tab-count">{data.executions.length}</span>}
        </button>
      }
    >
      {open && error && <ErrorNote error={error} />}
      {open && !data && !error && <Spinner />}
      {open && data && !found.length && <p className="nbt-dim">Nothing in this session.</p>}
      {open && found.slice(0, most).map((one) => <Executed key={one.number} one={one} />)}
      {open && more(found.length, "execution")}
    </Section>
  );
}

function Executed({ one }: { one: Execution }) {
  const [open, setOpen] = useState(false);
  const source = one.source ?? "";
  const first = source.split("\n").find((line) => line.trim()) ?? "";
  const took = one.ended !== null && one.started !== null ? toNumber(one.ended) - toNumber(one.started) : Number.NaN;
  return (
    <div className="nbt-executed">
      <button type="button" className="nbt-fold" aria-expanded={open} disabled={!source} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} />
        <span className="nbt-dim">In [{one.execution ?? " "}]</span>
        <code>{source ? oneLine(first, 120) : "not recorded"}</code>
        <span className="nbt-dim nbt-end">
          {one.status && one.status !== "ok" ? `${one.status} · ` : ""}
          {duration(took)} · {ago(toNumber(one.started))}
        </span>
      </button>
      {open && <CodeBlock lines={source.length < 200_000 ? pythonLines(source) : plainLines(source)} />}
    </div>
  );
}
