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
const SHOWN = ["shape", "columns", "dtypes", "dtype", "bytes", "size", "sampled", "changed", "execution", "cell"];

/** What is read of a data set's facts; whatever else stands there is shown as it is. */
export interface DataFacts {
  shape: string;
  bytes: number | null;
  sampled: string;
  changed: { run: string; name: string; at: number | null } | null;
  columns: [name: string, type: string][];
  more: [name: string, text: string][];
}

const isObject = (given: Json | undefined): given is Record<string, Json> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

export function dataFacts({ info }: Pick<Dataset, "info">): DataFacts {
  const { changed, sampled } = info;
  const bytes = info.bytes ?? info.size;
  return {
    shape: shapeOf(info.shape),
    bytes: typeof bytes === "number" ? bytes : null,
    sampled: sampled === true ? "of a sample" : typeof sampled === "string" ? sampled : "",
    changed: isObject(changed)
      ? {
          run: typeof changed.run === "string" ? changed.run : "",
          name: typeof changed.name === "string" ? changed.name : "an earlier run",
          at: typeof changed.at === "number" ? changed.at : null,
        }
      : null,
    columns: columnsOf(info),
    more: Object.entries(info)
      .filter(([key, given]) => !SHOWN.includes(key) && given !== null && given !== false)
      .map(([key, given]) => [key, given === true ? "yes" : value(given, 80)]),
  };
}

/** "569 × 30". */
function shapeOf(given: Json | undefined): string {
  if (!Array.isArray(given)) return typeof given === "string" ? oneLine(given, 40) : "";
  return given.map((one) => (typeof one === "number" ? number(one) : value(one, 12))).join(" × ");
}

function columnsOf({ columns, dtypes }: Dataset["info"]): [string, string][] {
  const type = (name: string) => (isObject(dtypes) && Object.hasOwn(dtypes, name) ? value(dtypes[name], 24) : "");
  if (Array.isArray(columns)) return columns.map((one) => [value(one, 40), type(String(one))]);
  return isObject(dtypes) ? Object.entries(dtypes).map(([name, one]) => [oneLine(name, 40), value(one, 24)]) : [];
}

export function Datasets({ datasets }: { datasets: readonly Dataset[] }) {
  const [most, more] = useMost(MOST);
  if (!datasets.length) return null;
  const ordered = [...datasets].sort((a, b) => Number(isObject(b.info.changed)) - Number(isObject(a.info.changed)));
  return (
    <Section
      title={
        <>
          Data <span className="nbt-tab-count">{datasets.length.toLocaleString("en-US")}</span>
        </>
      }
    >
      <ul className="nbt-datasets">
        {ordered.slice(0, most).map((one) => (
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
  const said = [path && path !== name ? oneLine(path, 200) : "", ...facts.more.map(([key, text]) => `${key} ${text}`)];
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
            title={`Copy the hash ${oneLine(hash, 200)}${facts.sampled ? `: ${facts.sampled}` : ""}`}
            onClick={() => copy(hash, "the hash")}
          >
            {shortHash(hash)}
          </button>
        )}
        {hash && facts.sampled && (
          <span className="nbt-chip" title="The hash was made of a sample: what is not in it may have changed unseen.">
            sampled
          </span>
        )}
      </div>
      {facts.changed && <Changed changed={facts.changed} />}
      {said.some(Boolean) && <div className="nbt-dim nbt-data-more">{said.filter(Boolean).join(" · ")}</div>}
      <Columns columns={facts.columns} />
    </li>
  );
}

/** The algorithm stays with its first digits: "blake2b-1f3a5b7c". */
export function shortHash(hash: string): string {
  const [, algorithm = "", digits = hash] = /^([a-z][a-z0-9]*(?:[-:][a-z]+)?[-:])?(.*)$/s.exec(hash) ?? [];
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
