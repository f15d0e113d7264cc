// The panel: a bar on top, below it the runs, their curves or other plots; one run, or a comparison, over them.
import { useEffect } from "react";
import { useStore } from "zustand";
import { Button } from "../parts/Button";
import { usePanel } from "../state/panel";
import { useLink } from "../state/query";
import { useSetView, useView } from "../state/view";
import { Curves } from "./charts/curves/Curves";
import { Plots } from "./charts/plots/Plots";
import { Compare } from "./compare/Compare";
import { OneRun } from "./run/OneRun";
import { RunsTable } from "./runs/table/RunsTable";
import { SelectionBar } from "./runs/toolbar/SelectionBar";
import { Toolbar } from "./runs/toolbar/Toolbar";
import { ToastList } from "./Toasts";

const TABS = [
  ["runs", "Runs"],
  ["curves", "Curves"],
  ["plots", "Plots"],
] as const;

export function App() {
  const { view } = usePanel();
  const open = useView((one) => one.open);
  const height = useView((one) => one.height);
  const full = useView((one) => one.fullScreen);
  const set = useSetView();
  useEffect(() => {
    if (!full) return;
    const leave = (event: KeyboardEvent) => event.key === "Escape" && set({ fullScreen: false });
    document.addEventListener("keydown", leave);
    return () => document.removeEventListener("keydown", leave);
  }, [full, set]);
  return (
    // JupyterLab's and the notebook's own shortcuts must not take what is typed here.
    <section
      className={`nbt-panel${full ? " nbt-full" : ""}`}
      style={{ height }}
      aria-label="nbtrack runs"
      data-jp-suppress-context-menu=""
      data-lm-suppress-shortcuts="true"
      onKeyDown={(event) => event.stopPropagation()}
    >
      <LinkNote />
      {open?.kind === "run" && <OneRun key={open.id} id={open.id} />}
      {open?.kind === "compare" && <Compare ids={open.ids} />}
      {!open && <Overview />}
      <ToastList />
      <ResizeGrip onResize={(next) => view.getState().set({ height: next })} />
    </section>
  );
}

function Overview() {
  const tab = useView((one) => one.tab);
  const set = useSetView();
  const full = useView((one) => one.fullScreen);
  return (
    <>
      <div className="nbt-head">
        <div className="nbt-tabs" role="tablist" aria-label="Views">
          {TABS.map(([id, label]) => (
            <button
              key={id}
              type="button"
              role="tab"
              id={`nbt-tab-${id}`}
              aria-selected={tab === id}
              className="nbt-tab"
              onClick={() => set({ tab: id })}
            >
              {label}
            </button>
          ))}
        </div>
        <Toolbar />
        <Button
          icon={full ? "shrink" : "expand"}
          iconOnly
          label={full ? "Leave full screen" : "Full screen"}
          onClick={() => set({ fullScreen: !full })}
        />
      </div>
      <div className="nbt-body" role="tabpanel" aria-labelledby={`nbt-tab-${tab}`}>
        {tab === "runs" && <RunsTable />}
        {tab === "curves" && <Curves />}
        {tab === "plots" && <Plots />}
      </div>
      <SelectionBar />
    </>
  );
}

/** Says that the kernel is gone, or busy, and that what is shown stays. */
function LinkNote() {
  const link = useLink();
  const shown = useStore(usePanel().query.store, (one) => one.revision) > 0;
  if (link === "open") return null;
  const text =
    link === "dead"
      ? "The kernel is gone. What is shown stays as it was; run the cell again to go on."
      : "The kernel is busy. What is shown is the latest that it answered.";
  return (
    <div className={`nbt-link nbt-link-${link}`} role="status">
      {shown || link === "dead" ? text : "The kernel is busy. Runs are shown as soon as it answers."}
    </div>
  );
}

const LOWEST = 280;

function ResizeGrip({ onResize }: { onResize: (height: number) => void }) {
  const height = useView((one) => one.height);
  const start = (event: React.PointerEvent<HTMLDivElement>) => {
    const grip = event.currentTarget;
    const from = event.clientY - height;
    grip.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent) => onResize(Math.max(LOWEST, next.clientY - from));
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", move), { once: true });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is a widget, which <hr> is not
    <div
      className="nbt-grip"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the panel"
      aria-valuenow={Math.round(height)}
      aria-valuemin={LOWEST}
      tabIndex={0}
      onPointerDown={start}
      onKeyDown={(event) => {
        if (event.key === "ArrowDown") onResize(height + 20);
        if (event.key === "ArrowUp") onResize(Math.max(LOWEST, height - 20));
      }}
    />
  );
}
