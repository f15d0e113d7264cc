// The panel: a bar on top, below it the table of runs, their curves, other plots; one run, or a comparison, over them.
import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { Button } from "../parts/Button";
import { Grip } from "../parts/Grip";
import { usePanel } from "../state/panel";
import { useLink } from "../state/query";
import { PANES, type Pane, useSetView, useView } from "../state/view";
import { Plots } from "./charts/plots/Plots";
import { Compare, Curves, OneRun } from "./lazy";
import { RunsTable } from "./runs/table/RunsTable";
import { SelectionBar } from "./runs/toolbar/SelectionBar";
import { Toolbar } from "./runs/toolbar/Toolbar";
import { ToastList } from "./Toasts";

const NAMES: Record<Pane, string> = { table: "Table", curves: "Curves", plots: "Plots" };
const LOWEST = 280; // pixels of the panel
const SPLIT = { least: 0.15, most: 0.85, step: 0.04 };

export function App() {
  const fill = usePanel().host?.fill;
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
    // In a notebook, its shortcuts must not take what is typed here; in a place of its own there are none of single keys.
    <section
      className={`nbt-panel${full ? " nbt-full" : ""}${fill ? " nbt-whole" : ""}`}
      style={fill ? undefined : { height }}
      aria-label="nbtrack runs"
      data-jp-suppress-context-menu=""
      data-lm-suppress-shortcuts={fill ? undefined : "true"}
      onKeyDown={(event) => {
        if (!fill) event.stopPropagation();
        if (full && event.key === "Escape") set({ fullScreen: false });
      }}
    >
      <LinkNote />
      {open?.kind === "run" && <OneRun key={open.id} id={open.id} />}
      {open?.kind === "compare" && <Compare ids={open.ids} />}
      {!open && <Overview />}
      <ToastList />
      {!fill && <HeightGrip />}
    </section>
  );
}

function Overview() {
  const panes = useView((one) => one.panes);
  const set = useSetView();
  const full = useView((one) => one.fullScreen);
  const shown = PANES.filter((pane) => panes.includes(pane));
  const toggle = (pane: Pane) => {
    const next = PANES.filter((one) => shown.includes(one) !== (one === pane));
    set({ panes: next.length ? next : [pane] });
  };
  return (
    <>
      <div className="nbt-head">
        <Toolbar />
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form, this is a row of buttons */}
        <div className="nbt-panes" role="group" aria-label="What is shown">
          {PANES.map((pane) => (
            <Button key={pane} label={NAMES[pane]} aria-pressed={shown.includes(pane)} onClick={() => toggle(pane)} />
          ))}
        </div>
        <Button
          icon={full ? "shrink" : "expand"}
          iconOnly
          label={full ? "Leave full screen" : "Full screen"}
          onClick={() => set({ fullScreen: !full })}
        />
      </div>
      <Panes shown={shown} />
      <SelectionBar />
    </>
  );
}

/** The table above, what is drawn of it below, with an edge between them that can be moved. */
function Panes({ shown }: { shown: Pane[] }) {
  const split = useView((one) => one.split);
  const both = shown.includes("table") && shown.length > 1;
  return (
    <div className="nbt-body">
      {shown.includes("table") && (
        <div
          className="nbt-pane"
          style={both ? { flex: "0 1 auto", maxHeight: `${(split * 100).toFixed(1)}%` } : undefined}
        >
          <RunsTable />
        </div>
      )}
      {both && <SplitGrip />}
      {shown.includes("curves") && (
        <div className="nbt-pane">
          <Curves />
        </div>
      )}
      {shown.includes("plots") && (
        <div className="nbt-pane">
          <Plots />
        </div>
      )}
    </div>
  );
}

function SplitGrip() {
  const split = useView((one) => one.split);
  const set = useSetView();
  const move = (next: number) => set({ split: Math.min(SPLIT.most, Math.max(SPLIT.least, next)) });
  return (
    <Grip
      className="nbt-split"
      label="Height of the table"
      now={Math.round(split * 100)}
      least={SPLIT.least * 100}
      onDrag={(grip, y) => {
        const body = grip.parentElement?.getBoundingClientRect();
        if (body) move((y - body.top) / body.height);
      }}
      onStep={(by) => move(split + by * SPLIT.step)}
    />
  );
}

/** Says that the kernel or the server is gone, or busy, and that what is shown stays. */
function LinkNote() {
  const link = useLink();
  const panel = usePanel();
  const shown = useStore(panel.query.store, (one) => one.revision) > 0;
  if (link === "open") return null;
  const side = panel.transport.side ?? "kernel";
  const next = side === "kernel" ? "run the cell again to go on." : "it goes on by itself when it is back.";
  const text =
    link === "dead"
      ? `The ${side} is gone. What is shown stays as it was; ${next}`
      : `The ${side} is busy. What is shown is the latest that it answered.`;
  return (
    <div className={`nbt-link nbt-link-${link}`} role="status">
      {shown || link === "dead" ? text : `The ${side} is busy. Runs are shown as soon as it answers.`}
    </div>
  );
}

function HeightGrip() {
  const height = useView((one) => one.height);
  const set = useSetView();
  const from = useRef(0);
  const resize = (next: number) => set({ height: Math.max(LOWEST, Math.round(next)) });
  return (
    <Grip
      className="nbt-grip"
      label="Height of the panel"
      now={height}
      least={LOWEST}
      onStart={(y) => {
        from.current = y - height;
      }}
      onDrag={(_, y) => resize(y - from.current)}
      onStep={(by) => resize(height + by * 20)}
    />
  );
}
