// Why the run came out as it did: what differs in its metrics, and what changed, by likelihood.
import type { Change } from "../../contract";
import { number, oneLine, percent, signed } from "../../lib/format";
import { Button } from "../../parts/Button";
import { RunMark } from "../../parts/Marks";
import { useSetView } from "../../state/view";
import { Chooser } from "./Chooser";
import { useDirections, verdict } from "./metrics";
import { Reasons } from "./Reasons";
import { type TabProps, useSetRoom } from "./state";

const MOST = 12;

export function Why({ detail: { row }, explained }: TabProps) {
  const { data, stale } = explained;
  const setRoom = useSetRoom();
  const set = useSetView();
  return (
    <div className={`nbt-why${stale ? " nbt-run-stale" : ""}`}>
      <div className="nbt-run-bar">
        <Chooser run={row.id} explanation={data} />
        {data?.left && (
          <span className="nbt-dim">
            from <RunMark id={data.left.id} />
            {oneLine(data.left.name, 60)} to <RunMark id={row.id} />
            {oneLine(row.name, 60)}
            {data.chosen && ` · ${data.chosen}`}
          </span>
        )}
        {data?.left && (
          <Button
            className="nbt-end"
            icon="columns"
            label="Side by side"
            title="Compare all of the two runs"
            onClick={() => set({ open: { kind: "compare", ids: [data.left?.id ?? "", row.id] } })}
          />
        )}
      </div>
      {data?.left && data.outcome.length > 0 && <Outcome changes={data.outcome} />}
      <Reasons row={row} explained={explained} lines />
      {data?.left && data.reasons.length > 0 && (
        <p className="nbt-dim">
          This is the order in which such changes usually matter. nbtrack saw what changed, not what would have happened
          without it.{" "}
          <button type="button" className="nbt-link-button" onClick={() => setRoom({ tab: "code", diff: true })}>
            Compare the code
          </button>
        </p>
      )}
    </div>
  );
}

/** Metrics that differ, before and now. */
function Outcome({ changes }: { changes: readonly Change[] }) {
  const directionOf = useDirections(changes.map(({ name }) => name));
  return (
    <ul className="nbt-outcome" aria-label="What came out differently">
      {changes.slice(0, MOST).map((change) => {
        const [left, right] = [asNumber(change.left), asNumber(change.right)];
        const said = verdict(left, right, directionOf(change.name));
        return (
          <li key={change.name} className={said ? `nbt-run-${said}` : ""}>
            <span className="nbt-outcome-name" title={oneLine(change.name)}>
              {oneLine(change.name, 40)}
            </span>
            <span className="nbt-outcome-values">
              <span className="nbt-dim">{change.left === null ? "–" : number(left)} →</span>{" "}
              <b>{change.right === null ? "–" : number(right)}</b>
            </span>
            <span className="nbt-outcome-said">
              {said && (said === "better" ? "✓ better " : "✗ worse ")}
              <span className="nbt-dim">{delta(change, left, right)}</span>
            </span>
          </li>
        );
      })}
      {changes.length > MOST && <li className="nbt-dim">and {changes.length - MOST} more</li>}
    </ul>
  );
}

function asNumber(given: Change["left"]): number {
  return given === null ? Number.NaN : Number(given);
}

function delta(change: Change, left: number, right: number): string {
  if (change.left === null) return "new";
  if (change.right === null) return "gone";
  const part = percent(right, left);
  return Number.isNaN(right - left) ? "" : `${signed(right - left)}${part ? ` (${part})` : ""}`;
}
