// What a cell was and gave in one of its runs, beside what it is now.
import { type ComponentProps, type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import type { BriefRow, RunDetail } from "../../contract";
import { ago, duration, number, oneLine, plural, toNumber, when } from "../../lib/format";
import { Button } from "../../parts/Button";
import { RunMark, Spinner, Status } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { VerdictChip } from "../lineage/Verdict";
import { briefOf } from "../lineage/words";
import { Section, useMost } from "../run/bits";
import { CodeBlock } from "../run/Code";
import { DiffBlock } from "../run/DiffBlock";
import { pythonLines } from "../run/highlight";
import { Output } from "../run/Output";
import { explicitFirst, Value } from "../run/params";
import { progressText } from "./words";

export interface ThenActions {
  restore: () => void;
  insert: () => void;
  runWith: () => void;
  open: () => void;
  compare: () => void;
}

export interface ThenProps {
  run: BriefRow;
  /** All that the cell's line knows of, the newest first. */
  runs: readonly BriefRow[];
  /** The cell's text as it is. */
  now: string;
  /** Why the cell's text cannot be changed; null where it can. */
  locked: string | null;
  actions: ThenActions;
  onOpen: (run: string) => void;
  onClose: () => void;
}

export function Then(props: ThenProps) {
  const { run, runs, onOpen } = props;
  const at = runs.findIndex(({ id }) => id === run.id);
  const [newer, older] = [at > 0 ? runs[at - 1] : undefined, at < 0 ? runs[0] : runs[at + 1]];
  const walk = (event: KeyboardEvent<HTMLElement>) => {
    const to = event.key === "ArrowLeft" ? newer : event.key === "ArrowRight" ? older : undefined;
    const own = event.target as HTMLElement;
    // A box that scrolls sideways keeps its arrows.
    if (!to || event.altKey || event.ctrlKey || event.metaKey || own.closest("input, .nbt-diff-box")) return;
    event.preventDefault();
    onOpen(to.id);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is inside has the focus
    <div className="nbt-then" onKeyDown={walk}>
      <Head {...props} newer={newer} older={older} place={at} />
      <Known {...props} />
    </div>
  );
}

/** A button that keeps the focus when there is nothing to do any more: the keyboard stays in the box. */
function Act({ off, onClick, ...rest }: ComponentProps<typeof Button> & { off?: boolean }) {
  return <Button {...rest} aria-disabled={off || undefined} onClick={off ? undefined : onClick} />;
}

interface HeadProps extends ThenProps {
  newer: BriefRow | undefined;
  older: BriefRow | undefined;
  place: number;
}

function Head({ run, runs, newer, older, place, onOpen, onClose }: HeadProps) {
  const started = toNumber(run.started);
  return (
    <header className="nbt-then-head">
      <Act
        icon="back"
        iconOnly
        label="Newer run"
        title="Newer run (←)"
        off={!newer}
        onClick={() => newer && onOpen(newer.id)}
      />
      <Act
        icon="right"
        iconOnly
        label="Older run"
        title="Older run (→)"
        off={!older}
        onClick={() => older && onOpen(older.id)}
      />
      <div className="nbt-then-title" aria-live="polite">
        <RunMark id={run.id} />
        <strong title={run.name}>{oneLine(run.name, 60)}</strong>
        <Status status={run.status} reason={run.end_reason} />
        <span className="nbt-dim" title={when(started)}>
          {ago(started)} ·{" "}
          {run.status === "running" ? progressText(run) || "running" : duration(toNumber(run.duration))}
          {place >= 0 && ` · ${place + 1} of ${runs.length}`}
        </span>
      </div>
      <Button icon="close" iconOnly label="Close" title="Close (Escape)" onClick={onClose} />
    </header>
  );
}

function Known(props: ThenProps) {
  const { run, runs, locked, actions } = props;
  const { data: detail, error, again, stale } = useAsk("runs.get", { run: run.id }, { every: 500 });
  const latest = runs[0]?.id === run.id;
  const none = detail?.code == null;
  const why = locked ?? (none ? "No code was recorded." : undefined);
  return (
    <>
      <div className="nbt-then-actions">
        <Act icon="undo" look="outline" label="Restore this code" off={!!why} title={why} onClick={actions.restore} />
        <Act icon="plus" label="Insert below" off={none} onClick={actions.insert} />
        <Act
          icon="settings"
          label="Run with these params"
          off={!detail?.params.length}
          title={detail && !detail.params.length ? "This run has no params." : undefined}
          onClick={actions.runWith}
        />
        <span className="nbt-then-gap" />
        <Act icon="expand" label="Open" onClick={actions.open} />
        <Act
          icon="compare"
          label="Compare with the latest"
          off={latest}
          title={latest ? "This is the latest run." : undefined}
          onClick={actions.compare}
        />
      </div>
      <div className={`nbt-then-body${stale ? " nbt-run-stale" : ""}`}>
        {detail ? (
          <Parts {...props} detail={detail} latest={latest ? null : (runs[0]?.id ?? null)} />
        ) : error ? (
          <ErrorNote error={error} again={again} />
        ) : (
          <Spinner label="Loading the run" />
        )}
      </div>
    </>
  );
}

function Parts({ run, now, detail, latest }: ThenProps & { detail: RunDetail; latest: string | null }) {
  return (
    <>
      {briefOf(detail.about) && (
        <p className="nbt-then-verdict">
          <VerdictChip about={detail.about} />
        </p>
      )}
      {latest && <Since run={run.id} latest={latest} />}
      <Code run={run.id} code={detail.code} now={now} />
      <div className="nbt-then-values">
        <Params detail={detail} />
        <Metrics detail={detail} />
      </div>
      <Section title="Output">
        <Output detail={detail} />
      </Section>
    </>
  );
}

const AROUND = ["environment", "git", "data"];

/** What is another around the code by now: nothing that restoring the code would bring back. */
function Since({ run, latest }: { run: string; latest: string }) {
  const { data } = useAsk("lineage.explain", { run: latest, against: run }, { once: true });
  const found = data?.reasons.filter(({ what }) => AROUND.includes(what)) ?? [];
  if (!found.length) return null;
  return (
    <p className="nbt-then-since">
      Until the latest run also changed:{" "}
      {found
        .slice(0, 3)
        .map(({ text }) => oneLine(text, 120))
        .join(" ")}
      {found.length > 3 && ` And ${found.length - 3} more.`}
    </p>
  );
}

function Code({ run, code, now }: { run: string; code: string | null; now: string }) {
  const [whole, setWhole] = useState(false);
  const { data, error, again } = useAsk("runs.against", { run, text: now }, { off: code === null, every: 2000 });
  const then = useMemo(() => pythonLines(code ?? ""), [code]);
  const lines = useMemo(() => pythonLines(now), [now]);
  if (code === null) return <Section title="Code">{<p className="nbt-dim">No code was recorded.</p>}</Section>;
  const count = (kind: string) => data?.code.filter((line) => line.kind === kind).length ?? 0;
  const same = data?.same || (data && !data.code.some(({ kind }) => kind === "left" || kind === "right"));
  const aside = data && !same && (
    <>
      <span className="nbt-dim">
        {plural(count("right"), "line")} added since, {count("left")} removed
      </span>
      <Button label={whole ? "Difference" : "Code of then"} onClick={() => setWhole(!whole)} />
    </>
  );
  return (
    <Section title="Code" aside={aside}>
      {error && !data ? (
        <ErrorNote error={error} again={again} />
      ) : !data ? (
        <Spinner label="Comparing the code" />
      ) : same ? (
        <>
          <p className="nbt-dim">The same as in the cell now.</p>
          <CodeBlock lines={then} />
        </>
      ) : whole ? (
        <CodeBlock lines={then} />
      ) : (
        <DiffBlock lines={data.code} left={then} right={lines} />
      )}
    </Section>
  );
}

const MOST = 24;

function Params({ detail: { params } }: { detail: RunDetail }) {
  const [most, more] = useMost(MOST);
  return (
    <Values title="Params" none="No params.">
      {explicitFirst(params)
        .slice(0, most)
        .map((param) => (
          <tr key={param.name}>
            <th scope="row">{oneLine(param.name, 60)}</th>
            <td>
              <Value param={param} short />
            </td>
          </tr>
        ))}
      {params.length > most && <Rest>{more(params.length, "param")}</Rest>}
    </Values>
  );
}

function Metrics({ detail: { row } }: { detail: RunDetail }) {
  const [most, more] = useMost(MOST);
  const metrics = Object.entries(row.metrics);
  return (
    <Values title="Metrics" none="No metrics.">
      {metrics.slice(0, most).map(([name, summary]) => (
        <tr key={name}>
          <th scope="row">{oneLine(name, 60)}</th>
          <td className="nbt-then-number">{number(toNumber(summary.last))}</td>
        </tr>
      ))}
      {metrics.length > most && <Rest>{more(metrics.length, "metric")}</Rest>}
    </Values>
  );
}

const Rest = ({ children }: { children: ReactNode }) => (
  <tr>
    <td colSpan={2}>{children}</td>
  </tr>
);

function Values({ title, none, children }: { title: string; none: string; children: (ReactNode | ReactNode[])[] }) {
  const empty = children.flat().filter(Boolean).length === 0;
  return (
    <Section title={title}>
      {empty ? (
        <p className="nbt-dim">{none}</p>
      ) : (
        <table className="nbt-run-table">
          <tbody>{children}</tbody>
        </table>
      )}
    </Section>
  );
}
