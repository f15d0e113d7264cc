// How much each param tells about a metric: a bar for what a random forest makes of it, a sign for which way it goes.

import type { ParamImportance } from "../../../contract";
import { signed, toNumber } from "../../../lib/format";
import { Spinner } from "../../../parts/Marks";
import { EmptyState, ErrorNote } from "../../../parts/Notes";
import { useAsk } from "../../../state/query";
import { useSelection, withStat } from "../../../state/runs";
import { useView } from "../../../state/view";
import { CardHead, type CardProps } from "./CardHead";

const MOST = 20;

export function Importance(props: CardProps) {
  const stats = useView((view) => view.stats);
  const metric = withStat(props.plot.columns[0] ?? "", stats);
  const asked = useAsk("charts.importance", { ...useSelection(), metric }, { every: 5000, off: !metric });
  const found = asked.data;
  return (
    <section className="nbt-card" aria-label="Param importance">
      <CardHead {...props}>{asked.loading && <Spinner />}</CardHead>
      {asked.error && !found && <ErrorNote error={asked.error} again={asked.again} />}
      {found && !found.params.length && <EmptyState title={found.notice || "There is nothing to tell apart."} />}
      {found && found.params.length > 0 && <Bars params={found.params.slice(0, MOST)} />}
      {found && found.params.length > 0 && (
        <p className="nbt-card-note">
          Of {found.runs.toLocaleString("en-US")} runs
          {found.score !== null && `, a random forest explains R² ${toNumber(found.score).toFixed(2)} out of bag`}.{" "}
          {found.notice}
        </p>
      )}
    </section>
  );
}

function Bars({ params }: { params: ParamImportance[] }) {
  const most = Math.max(...params.map((one) => toNumber(one.importance)), 1e-9);
  return (
    <table className="nbt-importance">
      <thead>
        <tr>
          <th scope="col">param</th>
          <th scope="col">importance</th>
          <th scope="col" title="Spearman's rank correlation, −1 to 1">
            correlation
          </th>
        </tr>
      </thead>
      <tbody>
        {params.map((one) => {
          const share = toNumber(one.importance);
          const correlation = one.correlation === null ? null : toNumber(one.correlation);
          return (
            <tr key={one.param}>
              <th scope="row" title={one.param}>
                {one.param}
              </th>
              <td>
                <span className="nbt-bar" style={{ width: `${Math.max(0, (share / most) * 100).toFixed(1)}%` }} />
                <span className="nbt-bar-text">{share.toFixed(2)}</span>
              </td>
              <td className={correlation === null ? "nbt-dim" : undefined}>
                {correlation === null
                  ? "–"
                  : `${correlation > 0 ? "↗" : correlation < 0 ? "↘" : "→"} ${signed(Number(correlation.toFixed(2)))}`}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
