// The data that a run read: what it was, how it is known again, and whether it changed since an earlier run.
import type { Dataset, Json } from "../../contract";
import { ago, number, oneLine, plural, size, value, when } from "../../lib/format";
import { Icon } from "../../parts/Icon";
import { RunMark } from "../../parts/Marks";
import { useSetView } from "../../state/view";
import { Section, useMost } from "../run/bits";
import { useCopy } from "../run/copy";

const MOST = 40;
const COLUMNS = 12;
const SHOWN = [
  ...["shape", "length", "columns", "dtypes", "bytes", "size", "mtime", "sampled", "partly", "read", "changed", "type"],
  ...["seen", "since", "made_by", "read_by", "git", "dvc", "files", "more"],
];

/** What is read of a data set's facts; whatever else stands there is shown as it is. */
export interface DataFacts {
  shape: string;
  bytes: number | null;
  /** Why the hash may not see every change; empty where it does. */
  sampled: string;
  /** It changed, or went, while the cells ran. */
  since: string;
  changed: { run: string; name: string; at: number | null } | null;
  columns: [name: string, type: string][];
  more: [name: string, text: string][];
}

const isObject = (given: Json | undefined): given is Record<string, Json> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

export function dataFacts({ info }: Pick<Dataset, "info">): DataFacts {
  const { changed, since } = info;
  const bytes = info.bytes ?? info.size;
  return {
    shape: shapeOf(info),
    bytes: typeof bytes === "number" ? bytes : null,
    sampled: sampledOf(info),
    since: typeof since === "string" ? since : "",
    changed: isObject(changed)
      ? {
          run: typeof changed.run === "string" ? changed.run : "",
          name: typeof changed.name === "string" ? changed.name : "an earlier run",
          at: typeof changed.at === "number" ? changed.at : null,
        }
      : null,
    columns: columnsOf(info),
    more: [
      ...known(info),
      ...Object.entries(info)
        .filter(([key, given]) => !SHOWN.includes(key) && given !== null && given !== false)
        .map(([key, given]): [string, string] => [key, given === true ? "" : value(given, 80)]),
    ],
  };
}

/** "569 × 30", "1,000 long", "12 files". */
function shapeOf({ shape, length, files }: Dataset["info"]): string {
  if (Array.isArray(shape)) {
    if (shape.length < 2) return shape.map((one) => `${value(one, 12)} long`).join("");
    return shape.map((one) => (typeof one === "number" ? number(one) : value(one, 12))).join(" × ");
  }
  if (typeof length === "number") return `${number(length)} long`;
  return typeof files === "number" ? plural(files, "file") : "";
}

function sampledOf({ sampled, partly, read }: Dataset["info"]): string {
  const of = typeof read === "number" ? `${size(read)} of it were read` : "not all of it was read";
  if (sampled) return `The hash is of a sample, ${of}: what is not in it may have changed unseen.`;
  return partly ? "Some of what it holds could not be read: that may have changed unseen." : "";
}

/** What is known of it besides, in words. */
function known({ seen, mtime, read_by, made_by, git, dvc }: Dataset["info"]): [string, string][] {
  const told: [string, string][] = [];
  const cell = (given: Json | undefined) => (isObject(given) ? `In [${value(given.execution ?? null, 8)}]` : "");
  if (seen === "named") told.push(["named in the code; nobody saw it opened", ""]);
  if (made_by) told.push(["made by", cell(made_by)]);
  if (read_by) told.push(["read by", cell(read_by)]);
  if (typeof mtime === "number") told.push(["saved", when(mtime)]);
  if (typeof git === "string") told.push(["git:", git]);
  if (isObject(dvc)) {
    const other = dvc.same === false ? ", not the version it points to" : "";
    told.push(["DVC:", `${value(dvc.pointer, 120)}${other}`]);
  }
  return told;
}

function columnsOf({ columns, dtypes }: Dataset["info"]): [string, string][] {
  const type = (name: string) => (isObject(dtypes) && Object.hasOwn(dtypes, name) ? value(dtypes[name], 24) : "");
  if (Array.isArray(columns)) return columns.map((one) => [value(one, 40), type(String(one))]);
  return isObject(dtypes) ? Object.entries(dtypes).map(([name, one]) => [oneLine(name, 40), value(one, 24)]) : [];
}

/** Those that changed first. */
export const changedFirst = (datasets: readonly Dataset[]): Dataset[] =>
  [...datasets].sort((a, b) => Number(isObject(b.info.changed)) - Number(isObject(a.info.changed)));

export function Datasets({ datasets }: { datasets: readonly Dataset[] }) {
  const [most, more] = useMost(MOST);
  if (!datasets.length) return null;
  return (
    <Section
      title={
        <>
          Data <span className="nbt-tab-count">{datasets.length.toLocaleString("en-US")}</span>
        </>
      }
    >
      <ul className="nbt-datasets">
        {changedFirst(datasets)
          .slice(0, most)
          .map((one) => (
            <Data key={`${one.role} ${one.name} ${one.path}`} dataset={one} />
          ))}
      </ul>
      {more(datasets.length, "data set")}
    </Section>
  );
}

function Data({ dataset }: { dataset: Dataset }) {
  const { name, role, kind, path, hash } = dataset;
  const facts = dataFacts(dataset);
  const copy = useCopy();
  const size_ = facts.bytes === null ? "" : size(facts.bytes);
  const said = [
    path && path !== name ? oneLine(path, 200) : "",
    ...facts.more.map(([key, text]) => `${key} ${text}`.trim()),
  ];
  return (
    <li className={`nbt-data${facts.changed ? " nbt-data-changed" : ""}`}>
      <div className="nbt-data-line">
        <Icon name={path ? "file" : "columns"} />
        <b title={oneLine(name, 300)}>{oneLine(name, 80)}</b>
        <span>{[oneLine(kind, 40), facts.shape, size_].filter(Boolean).join(" · ")}</span>
        {role && role !== "input" && <span className="nbt-chip">{oneLine(role, 30)}</span>}
        {hash && (
          <button
            type="button"
            className="nbt-bare nbt-data-hash nbt-end"
            title={`Copy the hash ${oneLine(hash, 200)}`}
            onClick={() => copy(hash, "the hash")}
          >
            {shortHash(hash)}
          </button>
        )}
        {facts.sampled && (
          <span className="nbt-chip" title={facts.sampled}>
            sampled
          </span>
        )}
      </div>
      {facts.changed && <Changed changed={facts.changed} />}
      {facts.since && (
        <p className="nbt-data-flag">
          <span aria-hidden="true">⚠ </span>
          {oneLine(facts.since, 120)}
        </p>
      )}
      {said.some(Boolean) && <div className="nbt-dim nbt-data-more">{said.filter(Boolean).join(" · ")}</div>}
      <Columns columns={facts.columns} />
    </li>
  );
}

/** The algorithm stays with its first digits: "blake2b-1f3a5b7c". */
export function shortHash(hash: string): string {
  const [, algorithm = "", digits = hash] = /^([a-z][\w.]*[-:])?(.*)$/s.exec(hash) ?? [];
  return oneLine(`${algorithm}${digits.slice(0, 10)}`, 40);
}

function Changed({ changed: { run, name, at } }: { changed: NonNullable<DataFacts["changed"]> }) {
  const set = useSetView();
  return (
    <p className="nbt-data-flag">
      <span aria-hidden="true">⚠ </span>
      changed since{" "}
      {run ? (
        <button type="button" className="nbt-link-button" onClick={() => set({ open: { kind: "run", id: run } })}>
          <RunMark id={run} />
          {oneLine(name, 60)}
        </button>
      ) : (
        oneLine(name, 60)
      )}{" "}
      read it{at !== null && <span title={when(at)}> {ago(at)}</span>}
    </p>
  );
}

function Columns({ columns }: { columns: DataFacts["columns"] }) {
  if (!columns.length) return null;
  return (
    <details className="nbt-data-columns">
      <summary className="nbt-dim">{plural(columns.length, "column")}</summary>
      <ul>
        {columns.slice(0, COLUMNS * 20).map(([name, type], at) => (
          <li key={at}>
            {name} <span className="nbt-dim">{type}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
