// What is shown where there are no rows to show.
import { Button } from "../../../parts/Button";
import { EmptyState } from "../../../parts/Notes";
import { useSetView, useView } from "../../../state/view";

const MAGIC = "%%track\nlr = 0.01\nloss = train(lr)";
const SCRIPT =
  'import nbtrack\n\nwith nbtrack.start_run("first try"):\n    nbtrack.log_params({"lr": 0.01})\n    nbtrack.log({"loss": 0.42}, step=1)';

export function NoRuns() {
  return (
    <EmptyState title="No runs yet">
      <p>Put %%track on the first line of a cell and run it. Its params and metrics come here by themselves.</p>
      <div className="nbt-examples">
        <pre className="nbt-code">{MAGIC}</pre>
        <pre className="nbt-code">{SCRIPT}</pre>
      </div>
      <p>The second is for scripts and functions. Write %load_ext nbtrack before it where %%track is not known.</p>
    </EmptyState>
  );
}

export function NothingMatches({ total }: { total: number }) {
  const set = useSetView();
  const filtered = useView((view) => view.filter !== "" || view.also.length > 0);
  const scoped = useView((view) => view.experiment !== null || view.notebook !== null);
  const trashed = useView((view) => view.trashed);
  if (trashed && !filtered) {
    return (
      <EmptyState title="The trash is empty">
        <Button label="Back to the runs" look="outline" onClick={() => set({ trashed: false })} />
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No run matches">
      <p>
        None of {total.toLocaleString("en-US")} runs is found by {filtered ? "the filter" : "what is chosen"}.
      </p>
      {filtered && <Button label="Clear filter" look="outline" onClick={() => set({ filter: "", also: [] })} />}
      {!filtered && scoped && (
        <Button label="Show all runs" look="outline" onClick={() => set({ experiment: null, notebook: null })} />
      )}
    </EmptyState>
  );
}

const COLUMNS = [160, 64, 70, 52, 68, 68, 68, 84, 60];
const GAP = 26;

/** Rows that are still to come, as grey lines. */
export function Skeleton() {
  return (
    <div className="nbt-skeleton" role="status" aria-label="Loading runs">
      {Array.from({ length: 12 }, (_, at) => (
        <div key={at} className="nbt-skeleton-row">
          {COLUMNS.map((width, cell) => (
            <span key={cell} style={{ width: width + GAP }}>
              <span className="nbt-bone" style={{ width: width * (0.7 + 0.3 * (((at * 7 + cell * 3) % 5) / 4)) }} />
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}
