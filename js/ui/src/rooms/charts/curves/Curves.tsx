// The metric curves of the runs that the table shows first.
import { useMemo } from "react";
import { Button } from "../../../parts/Button";
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
  if (!runs.length) return <NoRuns found={asked.data.rows.length} />;
  return (
    <CurveView
      runs={runs}
      signed={asked.data.rows}
      matched={asked.data.matched}
      columns={columns}
      metrics={chosen ?? first}
      onMetrics={(metrics) => set({ metrics })}
      keepZoom
    />
  );
}

function NoRuns({ found }: { found: number }) {
  const solo = useView((view) => view.solo);
  const set = useSetView();
  if (!found)
    return (
      <EmptyState title="No run to draw">
        <p>No run matches.</p>
      </EmptyState>
    );
  const show = () => set({ hidden: [], solo: null });
  return (
    <EmptyState title="No run to draw">
      <p>{solo ? "The only run that is shown is not among those that match." : "The eye of every run is closed."}</p>
      <Button label="Show all runs" look="outline" onClick={show} />
    </EmptyState>
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
