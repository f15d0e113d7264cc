// Runs side by side: what differs between them, what came out, their code and their curves.
import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from "react";
import { oneLine, plural } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Spinner } from "../../parts/Marks";
import { EmptyState, ErrorNote } from "../../parts/Notes";
import { useAllColumns } from "../../state/columns";
import { usePanel } from "../../state/panel";
import { useSetView, useView } from "../../state/view";
import { ExportMenu } from "../export/ExportMenu";
import { CurvesOf } from "../lazy";
import { CodeDiff } from "./CodeDiff";
import { CompareTable } from "./CompareTable";
import { sections } from "./lines";
import { useDetails } from "./useDetails";

export const MOST = 24;

export function Compare({ ids }: { ids: string[] }) {
  const set = useSetView();
  const { host } = usePanel();
  const [same, setSame] = useState(false);
  const wanted = ids.slice(0, MOST);
  const details = useDetails(wanted);
  const room = useRef<HTMLElement>(null);
  const back = () => set({ open: null });
  const remove = (id: string) => {
    const left = ids.filter((one) => one !== id);
    set({ open: left.length ? { kind: "compare", ids: left } : null });
  };
  // The keyboard comes along, so that Escape goes back, also one that is pressed at once.
  useLayoutEffect(() => room.current?.focus({ preventScroll: true }), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    back();
  };
  return (
    <section ref={room} className="nbt-compare" aria-label="Compare runs" tabIndex={-1} onKeyDown={onKeyDown}>
      <header className="nbt-room-head">
        <Button label="Back" icon="back" title="Back to the runs (Esc)" onClick={back} />
        <h2 className="nbt-room-title">Compare {plural(details.runs.length || wanted.length, "run")}</h2>
        {details.loading && <Spinner label="Loading the runs" />}
        <span className="nbt-spring" />
        <ExportMenu choices={[{ label: "The runs compared", count: ids.length, which: { runs: ids } }]} />
        {host?.openTab && (
          <Button label="Open in a tab" icon="expand" onClick={() => host.openTab?.({ kind: "compare", ids })} />
        )}
        <label className="nbt-check nbt-check-own">
          <input type="checkbox" checked={same} onChange={(event) => setSame(event.currentTarget.checked)} />
          Show what is the same
        </label>
      </header>
      <Notices gone={details.gone} left={ids.length - wanted.length} />
      {details.error && !details.runs.length ? (
        <ErrorNote error={details.error} again={details.again} />
      ) : (
        <Body details={details} same={same} onRemove={remove} />
      )}
    </section>
  );
}

/** What is not there although it was asked for. */
function Notices({ gone, left }: { gone: string[]; left: number }) {
  const names = gone.slice(0, 5).map((name) => oneLine(name, 40));
  const more = gone.length > 5 ? ` and ${gone.length - 5} more` : "";
  return (
    <div role="status" className="nbt-notices">
      {gone.length > 0 && (
        <p>
          Left out, because {gone.length === 1 ? "it was" : "they were"} deleted: {names.join(", ")}
          {more}.
        </p>
      )}
      {left > 0 && (
        <p>
          {plural(left, "more run")} {left === 1 ? "was" : "were"} chosen; the first {MOST} are shown.
        </p>
      )}
    </div>
  );
}

interface BodyProps {
  details: ReturnType<typeof useDetails>;
  same: boolean;
  onRemove: (id: string) => void;
}

function Body({ details: { runs, loading }, same, onRemove }: BodyProps) {
  const { all: columns } = useAllColumns();
  const stats = useView((view) => view.stats);
  const better = useView((view) => view.better);
  const deltas = useView((view) => view.deltas);
  const baseline = useView((view) => view.baseline);
  const base = Math.max(
    0,
    runs.findIndex(({ row }) => row.id === baseline),
  );
  const found = useMemo(
    () => sections(runs, { columns, stats, better, deltas, base }),
    [runs, columns, stats, better, deltas, base],
  );
  if (!runs.length) {
    return loading ? null : (
      <EmptyState title="Nothing to compare">
        <p>The runs were deleted. Go back, or look into the trash.</p>
      </EmptyState>
    );
  }
  return (
    <div className="nbt-compare-scroll">
      <CompareTable runs={runs} sections={found} base={base} same={same} onRemove={onRemove} />
      <div className="nbt-compare-below">
        {runs.length > 1 && <CodeDiff runs={runs} base={base} />}
        <section className="nbt-compare-part" aria-label="Curves">
          <header className="nbt-part-head">
            <h3>Curves</h3>
          </header>
          <CurvesOf ids={runs.map(({ row }) => row.id)} />
        </section>
      </div>
    </div>
  );
}
