// Plots of many runs at once: parallel coordinates, scatter, bars, histogram, contour, param importance.
import { useEffect, useMemo } from "react";
import { allColumns, type Column } from "../../../lib/columns";
import { Spinner } from "../../../parts/Marks";
import { Menu, MenuItem } from "../../../parts/Menu";
import { EmptyState, ErrorNote } from "../../../parts/Notes";
import { useAsk } from "../../../state/query";
import { useSelection } from "../../../state/runs";
import { type PlotKind, type PlotSpec, useSetView, useView } from "../../../state/view";
import { Importance } from "./Importance";
import { PlotCard } from "./PlotCard";
import { KINDS, newPlot } from "./specs";

export function Plots() {
  const keys = useAsk("runs.keys", {}, { every: 5000 });
  const facts = useAsk("tables.facts", { ...useSelection(), columns: ["params.*"] }, { every: 5000 });
  const columns = useMemo(() => allColumns(keys.data?.keys ?? []), [keys.data]);
  const differing = useMemo(
    () => new Set((facts.data?.columns ?? []).filter((one) => one.differs).map((one) => one.column)),
    [facts.data],
  );
  if (keys.error && !keys.data) return <ErrorNote error={keys.error} again={keys.again} />;
  if (!keys.data || (!facts.data && !facts.error)) return <Waiting />;
  if (!keys.data.keys.length) {
    return (
      <EmptyState title="Nothing to plot yet">
        <p>Plots set the params and metrics of many runs against one another. Track a few runs first.</p>
      </EmptyState>
    );
  }
  return <PlotList columns={columns} differing={differing} />;
}

const Waiting = () => (
  <div className="nbt-empty">
    <Spinner />
  </div>
);

function PlotList({ columns, differing }: { columns: Column[]; differing: ReadonlySet<string> }) {
  const plots = useView((view) => view.plots);
  const set = useSetView();
  const add = (kind: PlotKind) => {
    const plot = newPlot(kind, columns, differing);
    if (plot) set({ plots: [...plots, plot] });
  };
  useEffect(() => {
    const first = plots.length ? null : newPlot("parallel", columns, differing);
    if (first) set({ plots: [first] });
  }, [plots, columns, differing, set]);
  const change = (next: PlotSpec) => set({ plots: plots.map((one) => (one.id === next.id ? next : one)) });
  const remove = (id: string) => set({ plots: plots.filter((one) => one.id !== id) });
  return (
    <div className="nbt-plots">
      <div className="nbt-plots-bar">
        <Menu label="Add a plot" icon="plus">
          {(close) =>
            (Object.keys(KINDS) as PlotKind[]).map((kind) => (
              <MenuItem
                key={kind}
                label={KINDS[kind].label}
                disabled={!newPlot(kind, columns, differing)}
                onChoose={() => {
                  add(kind);
                  close();
                }}
              />
            ))
          }
        </Menu>
      </div>
      {plots.map((plot) => {
        const Card = plot.kind === "importance" ? Importance : PlotCard;
        return <Card key={plot.id} plot={plot} columns={columns} onChange={change} onRemove={() => remove(plot.id)} />;
      })}
    </div>
  );
}
