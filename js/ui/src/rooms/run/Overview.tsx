// What one wants to know first: how good it was, what it was given, what changed.
import { useEffect, useRef, useState } from "react";
import type { Dataset } from "../../contract";
import { duration, oneLine, plural, size, toNumber, when } from "../../lib/format";
import { Button } from "../../parts/Button";
import { CurvesOf } from "../lazy";
import { Behind } from "../lineage/Behind";
import { changedFirst, dataFacts } from "../lineage/Datasets";
import { Pairs, Section } from "./bits";
import { Children } from "./Children";
import { MetricTable } from "./MetricTable";
import { explicitFirst, Source, Value } from "./params";
import { Reasons } from "./Reasons";
import { Reproduced } from "./Reproduced";
import { type Tab, type TabProps, useSetRoom } from "./state";
import { environmentFacts, gitState } from "./surroundings";

const METRICS = 12;
const PARAMS = 14;
const REASONS = 3;

export function Overview({ detail, explained }: TabProps) {
  const { row, params, artifacts, datasets, environment, git, session } = detail;
  const setRoom = useSetRoom();
  const metrics = Object.entries(row.metrics).map(([name, summary]) => ({ name, summary }));
  const reasons = explained.data?.reasons ?? [];
  const to = (tab: Tab, label: string) => (
    <button type="button" className="nbt-link-button" onClick={() => setRoom({ tab })}>
      {label}
    </button>
  );
  return (
    <div className="nbt-overview">
      <div className="nbt-overview-main">
        <Reproduced about={detail.about} />
        <Children detail={detail} />
        <Section
          title="Metrics"
          aside={metrics.length > METRICS && to("values", `all ${metrics.length.toLocaleString("en-US")}`)}
        >
          {metrics.length ? (
            <MetricTable row={row} lines={metrics.slice(0, METRICS)} />
          ) : (
            <p className="nbt-dim">
              {row.status === "running" ? "No metrics so far." : "No metrics."} Numbers a cell assigns under names such
              as <code>accuracy</code> are kept by themselves; <code>nbtrack.log({"{...}"})</code> keeps any.
            </p>
          )}
        </Section>
        <Section
          title="Why is it different?"
          aside={reasons.length > REASONS && to("why", `all ${reasons.length.toLocaleString("en-US")} reasons`)}
        >
          <Reasons row={row} explained={explained} most={REASONS} />
        </Section>
        {row.trashed === null && metrics.some(({ summary }) => summary.count > 1) && <Drawn id={row.id} />}
      </div>
      <div className="nbt-overview-side">
        <Section
          title="Params"
          aside={params.length > PARAMS && to("values", `all ${params.length.toLocaleString("en-US")}`)}
        >
          {params.length ? (
            <table className="nbt-run-table nbt-param-table">
              <tbody>
                {explicitFirst(params)
                  .slice(0, PARAMS)
                  .map((param) => (
                    <tr key={param.name}>
                      <th scope="row" title={oneLine(param.name)}>
                        {oneLine(param.name, 80)}
                      </th>
                      <td>
                        <Value param={param} short />
                      </td>
                      <td>
                        <Source source={param.source} />
                      </td>
                    </tr>
                  ))}
              </tbody>
            </table>
          ) : (
            <p className="nbt-dim">
              No params. What the cell assigns or reads, and <code>nbtrack.log_params</code>, are kept.
            </p>
          )}
        </Section>
        <Behind detail={detail} />
        <Section title="Facts" aside={to("environment", "environment")}>
          <Pairs
            items={[
              ["started", when(toNumber(row.started))],
              ["took", row.status === "running" ? "" : duration(toNumber(row.duration))],
              ["git", gitState(git)],
              ...environmentFacts(environment).filter(([name]) => name === "Python" || name === "GPU"),
              ["host", typeof session.host === "string" ? session.host : ""],
              ["data", datasets.length > 0 && <Read datasets={datasets} onOpen={() => setRoom({ tab: "lineage" })} />],
              [
                "artifacts",
                artifacts.length > 0 && (
                  <Button
                    icon="file"
                    label={`${plural(artifacts.length, "file")}, ${size(artifacts.reduce((sum, one) => sum + one.size, 0))}`}
                    onClick={() => setRoom({ tab: "artifacts" })}
                  />
                ),
              ],
            ]}
          />
        </Section>
      </div>
    </div>
  );
}

const DATA = 5;

/** The first data sets, those that changed marked. */
function Read({ datasets, onOpen }: { datasets: readonly Dataset[]; onOpen: () => void }) {
  return (
    <ul className="nbt-lin-reads">
      {changedFirst(datasets)
        .slice(0, DATA)
        .map((one) => {
          const { changed, shape } = dataFacts(one);
          return (
            <li key={`${one.role} ${one.name} ${one.path}`}>
              <button type="button" className="nbt-link-button" onClick={onOpen}>
                {oneLine(one.name, 60)}
              </button>{" "}
              <span className="nbt-dim">{shape}</span>
              {changed && <span className="nbt-data-flag"> ⚠ changed</span>}
            </li>
          );
        })}
      {datasets.length > DATA && <li className="nbt-dim">and {datasets.length - DATA} more</li>}
    </ul>
  );
}

/** The curves of the run, drawn once they are scrolled to: they are large, and most looks end above them. */
function Drawn({ id }: { id: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!place.current || typeof IntersectionObserver === "undefined") return;
    const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && setSeen(true));
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return (
    <Section title="Curves">
      <div className="nbt-run-curves" ref={place}>
        {seen && <CurvesOf ids={[id]} />}
      </div>
    </Section>
  );
}
