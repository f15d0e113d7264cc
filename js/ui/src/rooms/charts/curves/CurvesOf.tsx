// The same charts for given runs: of one run, or of those that are compared.
import { useMemo, useState } from "react";
import { EmptyState, ErrorNote } from "../../../parts/Notes";
import { useAsk } from "../../../state/query";
import { CurveView } from "./CurveView";
import { metricColumns } from "./choose";

const FIRST = 40; // charts; a search finds the others

export function CurvesOf({ ids }: { ids: string[] }) {
  const filter = `id in (${ids.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ")})`;
  const asked = useAsk("runs.page", { filter, limit: ids.length }, { every: 500, off: !ids.length });
  const keys = useAsk("runs.keys", {}, { every: 2000 });
  const [chosen, setChosen] = useState<string[] | null>(null);
  const order = ids.join(" ");
  const runs = useMemo(() => {
    const places = new Map(order.split(" ").map((id, at) => [id, at]));
    return [...(asked.data?.rows ?? [])].sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
  }, [asked.data, order]);
  const columns = useMemo(() => {
    const had = new Set(runs.flatMap((run) => Object.keys(run.metrics)));
    return metricColumns(keys.data?.keys ?? [], runs).filter(({ label }) => had.has(label));
  }, [keys.data, runs]);
  const error = asked.error ?? keys.error;
  const again = () => {
    asked.again();
    keys.again();
  };
  if (error && !(asked.data && keys.data)) return <ErrorNote error={error} again={again} />;
  if (!keys.data || (ids.length && !asked.data)) return <CurveView.Loading />;
  if (!columns.length) {
    return (
      <EmptyState title="No metrics">
        <p>{ids.length === 1 ? "This run logged no metrics." : "None of these runs logged metrics."}</p>
      </EmptyState>
    );
  }
  const metrics = chosen ?? columns.slice(0, FIRST).map(({ label }) => label);
  return (
    <CurveView runs={runs} signed={runs} matched={null} columns={columns} metrics={metrics} onMetrics={setChosen} />
  );
}
