// All params and metrics, their nested names as a tree that folds.
import { type ReactNode, useMemo, useState } from "react";
import type { Param, Summary } from "../../contract";
import { oneLine } from "../../lib/format";
import { Icon } from "../../parts/Icon";
import { Search, Section, useMost } from "./bits";
import { type MetricLine, MetricTable } from "./MetricTable";
import { explicitFirst, Source, Value } from "./params";
import { type TabProps, useRoom, useSetRoom } from "./state";
import { type Branch, treeRows } from "./tree";

const MOST = 250; // rows

export function Values({ detail: { row, params } }: TabProps) {
  const search = useRoom((room) => room.search);
  const setRoom = useSetRoom();
  const wanted = search.trim().toLowerCase();
  const fits = (name: string) => !wanted || name.toLowerCase().includes(wanted);
  const shownParams = explicitFirst(params).filter(({ name }) => fits(name));
  const shownMetrics = Object.entries(row.metrics).filter(([name]) => fits(name));
  return (
    <div className="nbt-values">
      <div className="nbt-run-bar">
        <Search label="Search params and metrics" value={search} onType={(text) => setRoom({ search: text })} />
        {wanted && (
          <span className="nbt-dim" role="status">
            {shownParams.length + shownMetrics.length} of {params.length + Object.keys(row.metrics).length}
          </span>
        )}
      </div>
      <Section title={<Counted word="Params" count={shownParams.length} />}>
        {params.length ? (
          <ParamTree params={shownParams} allOpen={wanted !== ""} />
        ) : (
          <p className="nbt-dim">This run has no params.</p>
        )}
      </Section>
      <Section title={<Counted word="Metrics" count={shownMetrics.length} />}>
        {Object.keys(row.metrics).length ? (
          <MetricTree row={row} metrics={shownMetrics} allOpen={wanted !== ""} />
        ) : (
          <p className="nbt-dim">This run has no metrics.</p>
        )}
      </Section>
    </div>
  );
}

const Counted = ({ word, count }: { word: string; count: number }) => (
  <>
    {word} <span className="nbt-tab-count">{count.toLocaleString("en-US")}</span>
  </>
);

/** Branches that were opened or closed by hand. */
function useToggled(): [ReadonlySet<string>, (path: string) => void] {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  return [
    toggled,
    (path) =>
      setToggled((before) => {
        const next = new Set(before);
        if (!next.delete(path)) next.add(path);
        return next;
      }),
  ];
}

function ParamTree({ params, allOpen }: { params: readonly Param[]; allOpen: boolean }) {
  const [toggled, toggle] = useToggled();
  const [most, more] = useMost(MOST);
  const rows = useMemo(
    () => treeRows(params, (param) => param.name, toggled, undefined, allOpen),
    [params, toggled, allOpen],
  );
  return (
    <>
      <table className="nbt-run-table nbt-param-table">
        <tbody>
          {rows.slice(0, most).map((one) => (
            <tr key={`${one.kind} ${one.path}`}>
              <th scope="row" title={oneLine(one.path)}>
                <Indent depth={one.depth}>
                  {one.kind === "branch" ? <Fold branch={one} toggle={toggle} /> : oneLine(one.label, 120)}
                </Indent>
              </th>
              {one.kind === "leaf" ? (
                <>
                  <td>
                    <Value param={one.item} />
                  </td>
                  <td>
                    <Source source={one.item.source} />
                  </td>
                </>
              ) : (
                <td colSpan={2} />
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {more(rows.length, "row")}
    </>
  );
}

interface MetricTreeProps {
  row: TabProps["detail"]["row"];
  metrics: readonly (readonly [string, Summary])[];
  allOpen: boolean;
}

function MetricTree({ row, metrics, allOpen }: MetricTreeProps) {
  const [toggled, toggle] = useToggled();
  const [most, more] = useMost(MOST);
  const rows = useMemo(
    () => treeRows(metrics, ([name]) => name, toggled, undefined, allOpen),
    [metrics, toggled, allOpen],
  );
  // A table for each stretch between two branches would not line up: branches are rows of the one table.
  const lines = rows.slice(0, most).map(
    (one): MetricLine =>
      one.kind === "leaf"
        ? {
            name: one.path,
            summary: one.item[1],
            label: <Indent depth={one.depth}>{oneLine(one.label, 80)}</Indent>,
          }
        : {
            name: one.path,
            summary: null,
            label: (
              <Indent depth={one.depth}>
                <Fold branch={one} toggle={toggle} />
              </Indent>
            ),
          },
  );
  return (
    <>
      <MetricTable row={row} lines={lines} />
      {more(rows.length, "row")}
    </>
  );
}

const Indent = ({ depth, children }: { depth: number; children: ReactNode }) => (
  <span className="nbt-indent" style={{ paddingLeft: depth * 14 }}>
    {children}
  </span>
);

function Fold({ branch, toggle }: { branch: Branch; toggle: (path: string) => void }) {
  return (
    <button type="button" className="nbt-fold" aria-expanded={branch.open} onClick={() => toggle(branch.path)}>
      <Icon name={branch.open ? "down" : "right"} />
      {oneLine(branch.label, 80)} <span className="nbt-tab-count">{branch.count.toLocaleString("en-US")}</span>
    </button>
  );
}
