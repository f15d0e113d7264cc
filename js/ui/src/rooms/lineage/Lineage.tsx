// Where a run comes from: the verdict, the cells behind it, the data that they read.
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Lineage as Found } from "../../contract";
import { Button } from "../../parts/Button";
import { Spinner } from "../../parts/Marks";
import { EmptyState, ErrorNote } from "../../parts/Notes";
import { useAsk } from "../../state/query";
import { SELDOM, type TabProps, useRoom, useSetRoom } from "../run/state";
import { CellDetail } from "./CellDetail";
import { Datasets } from "./Datasets";
import { Findings } from "./Findings";
import { drawable, Graph } from "./Graph";

export function Lineage({ detail }: TabProps) {
  const { row, datasets } = detail;
  const every = row.status === "running" ? 3000 : SELDOM;
  const { data, error, again, stale } = useAsk("lineage.graph", { run: row.id }, { every });
  return (
    <div className={`nbt-lineage${stale ? " nbt-run-stale" : ""}`}>
      {!data && error && <ErrorNote error={error} again={again} />}
      {!data && !error && <Spinner label="Following the cells" />}
      {data && data.cells.length === 0 && (
        <EmptyState title="No cells are known behind this run">
          <p>{row.kind === "cell" ? "What the kernel executed before was not recorded." : none(row.kind)}</p>
        </EmptyState>
      )}
      {data && data.cells.length > 0 && <Cells lineage={data} />}
      <Datasets datasets={datasets} />
    </div>
  );
}

const none = (kind: string) =>
  kind === "notebook"
    ? "It is a whole notebook: its cells are in the notebook itself, among its artifacts."
    : "It was made by a script. Its git state and its environment say what it was made of.";

function Cells({ lineage }: { lineage: Found }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const list = useRoom((room) => room.list);
  const setRoom = useSetRoom();
  const box = useRef<HTMLDivElement>(null);
  const beside = useRef<HTMLElement>(null);
  const cell = lineage.cells.find(({ number }) => number === chosen);
  useEffect(() => {
    if (chosen !== null) beside.current?.scrollIntoView?.({ block: "nearest" });
  }, [chosen]);
  const focus = (number: number) =>
    box.current?.querySelector<HTMLElement>(`[data-cell="${number}"]`)?.focus({ preventScroll: true });
  const close = () => {
    if (chosen !== null && beside.current?.contains(document.activeElement)) focus(chosen);
    setChosen(null);
  };
  const go = (number: number) => {
    setChosen(number);
    focus(number);
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== "Escape" || chosen === null) return;
    event.preventDefault();
    event.stopPropagation(); // the next one leaves the run
    close();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is inside has the focus
    <div ref={box} onKeyDown={keys}>
      <Findings lineage={lineage} onCell={go} />
      <div className="nbt-run-bar">
        {drawable(lineage) ? (
          <fieldset className="nbt-choices nbt-wide-only" aria-label="How the cells are shown">
            <Button label="Graph" aria-pressed={!list} onClick={() => setRoom({ list: false })} />
            <Button label="List" aria-pressed={list} onClick={() => setRoom({ list: true })} />
          </fieldset>
        ) : (
          <span className="nbt-dim">{lineage.cells.length} cells are too many to draw: the list has all.</span>
        )}
        <span className="nbt-dim">Choose a cell for its code and output.</span>
      </div>
      <div className={`nbt-lin-parts${cell ? " nbt-lin-open" : ""}`}>
        <Graph lineage={lineage} chosen={chosen} onChoose={setChosen} list={list} />
        {cell && (
          <CellDetail key={cell.number} lineage={lineage} cell={cell} onCell={go} onClose={close} root={beside} />
        )}
      </div>
    </div>
  );
}
