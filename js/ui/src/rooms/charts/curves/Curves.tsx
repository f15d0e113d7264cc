// The metric curves of the runs that the table shows first.
import { useMemo } from "react";
import { EmptyState, ErrorNote } from "../../../parts/Notes";
import { useAsk } from "../../../state/query";
import { useShownRuns } from "../../../state/runs";
import { useSetView, useView } from "../../../state/view";
import { CurveView } from "./CurveView";
import { firstMetrics, metricColumns } from "./choose";

export function Curves() {
  const keys = useAsk("runs.keys", {}, { every: 2000 });
  const { runs, asked } = useShownRuns();
  const chosen = useView((view) => view.metrics);
  const set = useSetView();
  const rows = asked.data?.rows;
  const columns = useMemo(() => metricColumns(keys.data?.keys ?? [], rows ?? []), [keys.data, rows]);
  const first = useMemo(() => firstMetrics(columns, rows ?? []), [columns, rows]);
  const error = asked.error ?? keys.error;
  const again = () => {
    asked.again();
    keys.again();
  };
  if (error && !(asked.data && keys.data)) return <ErrorNote error={error} again={again} />;
  if (!asked.data || !keys.data) return <CurveView.Loading />;
  if (!columns.length) return <NoMetrics />;
  return (
    <CurveView
      runs={runs}
      signed={asked.data.rows}
      matched={asked.data.matched}
      columns={columns}
      metrics={chosen ?? first}
      onMetrics={(metrics) => set({ metrics })}
    />
  );
}

function NoMetrics() {
  return (
    <EmptyState title="No metrics yet">
      <p>Log something in a tracked cell, and its curve appears here while the cell runs.</p>
      <pre className="nbt-code">{'nbtrack.log({"loss": loss, "acc": acc})'}</pre>
    </EmptyState>
  );
}
