// The script of an HTML report. All that the report says is in the page already; here the curves become the panel's own
// charts, fed from the file, the table is sorted and searched, and axes are brushed. It loads nothing.
import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { useStore } from "zustand";
import type { Key } from "../contract";
import { CurveView } from "../rooms/charts/curves/CurveView";
import { metricColumns } from "../rooms/charts/curves/choose";
import { ToastList } from "../rooms/Toasts";
import { Panel } from "../state/panel";
import { createQueryState } from "../state/query";
import { createToasts } from "../state/toasts";
import { createView, type ViewStore } from "../state/view";
import { type ChosenStore, createChosen, isShown } from "./chosen";
import { type Report, readReport, type Written } from "./data";
import { KeptTransport } from "./kept";
import { brushable } from "./parallel";
import "./report.css";
import { enliven } from "./table";
import { themed } from "./theme";

function begin(): void {
  const written = document.getElementById("nbr-data")?.textContent;
  if (!written) return;
  const report = readReport(JSON.parse(written) as Written);
  const chosen = createChosen();
  const view = createView();
  const hover = (at: number | null) => view.setState({ hover: at === null ? null : (report.runs[at]?.id ?? null) });
  const table = document.querySelector<HTMLTableElement>(".nbr-table");
  if (table) enliven(table, chosen, hover);
  const axes = document.querySelector<SVGSVGElement>("#nbr-parallel svg");
  if (axes) brushable(axes, chosen, hover);
  drawCurves(report, chosen, view);
  pointed(report, view);
  themed();
  unfolded();
  document.body.classList.add("nbr-live");
}

function drawCurves(report: Report, chosen: ChosenStore, view: ViewStore): void {
  const place = document.getElementById("nbr-curves");
  if (!place) return;
  const transport = new KeptTransport(report);
  const query = createQueryState(transport);
  const toasts = createToasts();
  const live = document.createElement("div");
  live.className = "nbt-panel nbr-panel";
  place.append(live);
  place.classList.add("nbr-both"); // the pictures are kept for paper
  createRoot(live).render(
    <Panel.Provider value={{ transport, query, view, toasts, spec: {} }}>
      <Curves report={report} chosen={chosen} />
      <ToastList />
    </Panel.Provider>,
  );
}

const FIRST = 12; // charts; the menu has the others

function Curves({ report, chosen }: { report: Report; chosen: ChosenStore }) {
  const now = useStore(chosen);
  const runs = useMemo(() => report.runs.filter((_, at) => isShown(now, at)), [report, now]);
  const columns = useMemo(() => {
    const keys = report.metrics.map(
      ([name, better, count]): Key => ({ kind: "metric", name, runs: count, types: [], better }),
    );
    const ordered = new Map(metricColumns(keys, report.runs).map((column) => [column.label, column]));
    return report.metrics.flatMap(([name]) => ordered.get(name) ?? []);
  }, [report]);
  const [metrics, setMetrics] = useState<string[] | null>(null);
  return (
    <CurveView
      runs={runs}
      signed={report.runs}
      matched={null}
      columns={columns}
      metrics={metrics ?? columns.slice(0, FIRST).map(({ label }) => label)}
      onMetrics={setMetrics}
    />
  );
}

/** The run under the pointer comes forward everywhere. */
function pointed(report: Report, view: ViewStore): void {
  const marks = new Map<string, Element[]>();
  for (const element of document.querySelectorAll<HTMLElement | SVGElement>("tr[data-run], svg [data-run]")) {
    const id = report.runs[Number(element.dataset.run)]?.id;
    if (id) marks.set(id, [...(marks.get(id) ?? []), element]);
  }
  view.subscribe((now, before) => {
    if (now.hover === before.hover) return;
    for (const element of marks.get(before.hover ?? "") ?? []) element.classList.remove("nbr-pointed");
    for (const element of marks.get(now.hover ?? "") ?? []) element.classList.add("nbr-pointed");
  });
}

/** A link to what is folded opens it; on paper all of it is open. */
function unfolded(): void {
  const open = () => {
    const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (there instanceof HTMLDetailsElement) there.open = true;
  };
  addEventListener("hashchange", open);
  open();
  let closed: HTMLDetailsElement[] = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll<HTMLDetailsElement>("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
}

begin();
