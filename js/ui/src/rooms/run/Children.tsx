// The runs inside a run (trials of a sweep or a search, cells of a notebook, reproductions) beside one another: the
// params that tell them apart, their metrics, the best marked.
import { useMemo, useState } from "react";
import type { Json, RunDetail, RunRow } from "../../contract";
import { isLoad } from "../../lib/columns";
import { duration, number, oneLine, plural, toNumber, value } from "../../lib/format";
import { Button } from "../../parts/Button";
import { RunMark, Spinner, Status } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { useSetView } from "../../state/view";
import { Section } from "./bits";
import { useDirections } from "./metrics";

const FIRST = 12;
const MOST = 200;
const PARAMS = 6;
const METRICS = 3;

export function Children({ detail: { row, children, about } }: { detail: RunDetail }) {
  const [all, setAll] = useState(false);
  const set = useSetView();
  const filter = `parent = '${row.id}'`;
  const { data, error, again } = useAsk(
    "runs.page",
    { filter, sort: ["started"], limit: MOST },
    { off: !children.length || !/^\w+$/.test(row.id), every: row.status === "running" ? 500 : 3000 },
  );
  const rows = data?.rows ?? [];
  const { objective, best: told } = useMemo(() => toldOf(about), [about]);
  const columns = useMemo(() => columnsOf(data?.rows ?? [], objective), [data, objective]);
  const directionOf = useDirections(columns.metrics);
  const main = columns.metrics[0];
  const best = told ?? bestOf(rows, main, main ? directionOf(main) : null);
  if (!children.length) return null;
  const total = data?.matched ?? children.length;
  const inTable = () =>
    set({
      open: null,
      filter: "",
      also: [{ id: `parent ${row.id}`, label: `part of ${oneLine(row.name, 40)}`, where: filter }],
    });
  return (
    <Section
      title={
        <>
          {WORDS[row.kind] ?? "Runs inside it"}{" "}
          <span className="nbt-tab-count">{children.length.toLocaleString("en-US")}</span>
        </>
      }
      aside={
        <button type="button" className="nbt-link-button" onClick={inTable}>
          Show in the table
        </button>
      }
    >
      <Counts rows={rows} total={total} />
      {error && !data && <ErrorNote error={error} again={again} />}
      {!data && !error && <Spinner label="Loading the runs inside" />}
      {data && (
        <div className="nbt-children-box">
          <table className="nbt-run-table nbt-children">
            <thead>
              <tr>
                <th scope="col">run</th>
                <th scope="col">status</th>
                {columns.params.map((name) => (
                  <th key={name} scope="col" title={oneLine(name)}>
                    {oneLine(name, 24)}
                  </th>
                ))}
                {columns.metrics.map((name) => (
                  <th key={name} scope="col" className="nbt-num" title={oneLine(name)}>
                    {oneLine(name, 24)}
                    {ARROWS[directionOf(name) ?? "none"]}
                  </th>
                ))}
                <th scope="col" className="nbt-num">
                  took
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.slice(0, all ? MOST : FIRST).map((one) => (
                <Child key={one.id} row={one} columns={columns} best={one.id === best} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {rows.length > FIRST && (
        <div className="nbt-more">
          <Button label={all ? "Show fewer" : `Show ${Math.min(total, MOST)}`} onClick={() => setAll(!all)} />
          {all && total > MOST && <span className="nbt-dim">the others are in the table</span>}
        </div>
      )}
    </Section>
  );
}

const ARROWS = { max: " ↑", min: " ↓", none: "" } as const;
const WORDS: Record<string, string> = { sweep: "Trials", search: "Candidates", notebook: "Tracked cells" };

/** How many ended how, where not all ended well. */
function Counts({ rows, total }: { rows: readonly RunRow[]; total: number }) {
  const counts = new Map<string, number>();
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  if (rows.length < total || counts.size < 2) return null;
  return (
    <p className="nbt-dim nbt-lin-small">
      {[...counts].map(([status, count]) => `${count} ${status}`).join(", ")} of {plural(total, "run")}
    </p>
  );
}

interface Columns {
  params: string[];
  metrics: string[];
}

const isObject = (given: Json | undefined): given is Record<string, Json> =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/** What a sweep or a search says itself: the metric it is about, and its best run. */
export function toldOf(about: RunDetail["about"]): { objective: string | null; best: string | null } {
  const given = isObject(about?.sweep) ? about.sweep : isObject(about?.search) ? about.search : {};
  const best = isObject(given.best) ? given.best.run : given.best;
  return {
    objective: typeof given.objective === "string" ? given.objective : null,
    best: typeof best === "string" ? best : null,
  };
}

/** What says most first: the metric it is all about, and scores before times and parts. */
function weight(name: string, objective: string | null): number {
  if (name === objective) return 2;
  if (name.startsWith("mean_test_")) return 1;
  return /(^|_)(std|split\d*|seconds|time|rank)(_|$)/.test(name) ? -1 : 0;
}

/** The params that are not the same in all, and the metrics that most have. */
export function columnsOf(rows: readonly RunRow[], objective: string | null = null): Columns {
  const params = [...new Set(rows.flatMap((row) => Object.keys(row.params)))].filter(
    (name) => new Set(rows.map((row) => JSON.stringify(row.params[name]))).size > 1,
  );
  const seen = new Map<string, number>();
  for (const row of rows) for (const name of Object.keys(row.metrics)) seen.set(name, (seen.get(name) ?? 0) + 1);
  const metrics = [...seen]
    .filter(([name]) => !isLoad(name))
    .sort(([a, often], [b, other]) => weight(b, objective) - weight(a, objective) || other - often);
  return { params: params.slice(0, PARAMS), metrics: metrics.slice(0, METRICS).map(([name]) => name) };
}

function bestOf(rows: readonly RunRow[], metric: string | undefined, direction: "min" | "max" | null) {
  if (!metric || !direction) return null;
  const worth = (row: RunRow) => (direction === "max" ? 1 : -1) * toNumber(row.metrics[metric]?.last);
  const found = rows
    .filter((row) => row.status === "finished" && Number.isFinite(worth(row)))
    .sort((a, b) => worth(b) - worth(a));
  return found.length > 1 ? (found[0]?.id ?? null) : null;
}

function Child({ row, columns, best }: { row: RunRow; columns: Columns; best: boolean }) {
  const set = useSetView();
  return (
    <tr>
      <th scope="row">
        <button
          type="button"
          className="nbt-link-button"
          title={oneLine(row.name)}
          onClick={() => set({ open: { kind: "run", id: row.id } })}
        >
          <RunMark id={row.id} />
          {oneLine(row.name, 40)}
        </button>
      </th>
      <td>
        <Status status={row.status} reason={row.end_reason} />
      </td>
      {columns.params.map((name) => (
        <td key={name}>
          <span className="nbt-value">{name in row.params ? value(row.params[name], 40) : ""}</span>
        </td>
      ))}
      {columns.metrics.map((name, at) => (
        <td key={name} className={`nbt-num${best && at === 0 ? " nbt-run-best" : ""}`}>
          {best && at === 0 && (
            <span className="nbt-run-best-sign" title="the best of them">
              ★<span className="nbt-sr"> best </span>
            </span>
          )}
          {row.metrics[name] ? number(toNumber(row.metrics[name]?.last)) : ""}
        </td>
      ))}
      <td className="nbt-num nbt-dim">{duration(toNumber(row.duration))}</td>
    </tr>
  );
}
