// What changed, the likeliest cause first, each with why it stands there and a way to where it can be read.
import type { Explanation, Reason, RunRow } from "../../contract";
import { oneLine } from "../../lib/format";
import { Icon, type IconName } from "../../parts/Icon";
import { Spinner } from "../../parts/Marks";
import { ErrorNote } from "../../parts/Notes";
import type { Asked } from "../../state/query";
import { Chooser } from "./Chooser";
import { DiffBlock } from "./DiffBlock";
import { type Tab, useRoom, useSetRoom } from "./state";

const KINDS: Record<Reason["what"], { icon: IconName; tab: Tab; go: string }> = {
  code: { icon: "compare", tab: "code", go: "Show in the code" },
  param: { icon: "settings", tab: "values", go: "Show the params" },
  environment: { icon: "group", tab: "environment", go: "Show the environment" },
  git: { icon: "flag", tab: "environment", go: "Show the state of git" },
  data: { icon: "columns", tab: "lineage", go: "Show the data" },
  variable: { icon: "drag", tab: "lineage", go: "Show the cells it comes from" },
  hidden: { icon: "eye-off", tab: "lineage", go: "Show what the notebook does not" },
  status: { icon: "info", tab: "output", go: "Show the output" },
  other: { icon: "more", tab: "overview", go: "Show the overview" },
};

const LINES = 8; // of a reason's code: the reasons after it are to be seen too

interface Props {
  row: RunRow;
  explained: Asked<Explanation>;
  /** Only the first. */
  most?: number;
  /** With the lines of code that changed. */
  lines?: boolean;
}

export function Reasons({ row, explained: { data, error, again }, most, lines }: Props) {
  const byHand = useRoom((room) => room.against) !== "previous";
  if (!data) return error ? <ErrorNote error={error} again={again} /> : <Spinner label="Comparing" />;
  if (!data.left) {
    return (
      <>
        <p className="nbt-dim">{noneBefore(row, byHand)}</p>
        {most !== undefined && <Chooser run={row.id} explanation={data} />}
      </>
    );
  }
  if (!data.reasons.length) {
    return <p className="nbt-dim">Nothing that nbtrack knows of changed since {oneLine(data.left.name, 60)}.</p>;
  }
  return (
    <>
      {error && <p className="nbt-run-lost">{error.message}</p>}
      {most !== undefined && (
        <p className="nbt-dim nbt-against">
          against {oneLine(data.left.name, 60)}
          {data.chosen && `, ${data.chosen}`}
        </p>
      )}
      <ol className="nbt-reasons">
        {data.reasons.slice(0, most).map((reason) => (
          <ReasonLine key={`${reason.what} ${reason.name}`} reason={reason} lines={lines} />
        ))}
      </ol>
    </>
  );
}

/** Why there is nothing to compare with. */
export function noneBefore(row: RunRow, byHand: boolean): string {
  if (byHand) return "There is no run to compare with.";
  return row.cell
    ? "This is the first run of its cell: there is none before it to compare with."
    : "No run of the same cell came before this one.";
}

function ReasonLine({ reason, lines }: { reason: Reason; lines?: boolean }) {
  const setRoom = useSetRoom();
  const { icon, tab, go } = KINDS[reason.what] ?? KINDS.other;
  return (
    <li className="nbt-reason">
      <span className="nbt-reason-rank">{reason.rank}</span>
      <span className="nbt-reason-kind" title={reason.what}>
        <Icon name={icon} />
        <span className="nbt-sr">{reason.what}</span>
      </span>
      <div className="nbt-reason-text">
        <button
          type="button"
          className="nbt-bare"
          title={go}
          onClick={() =>
            setRoom({
              tab,
              ...(reason.what === "code" ? { diff: true } : {}),
              ...(reason.what === "param" ? { search: reason.name } : {}),
            })
          }
        >
          {oneLine(reason.text, 400)}
        </button>
        {reason.why && <span className="nbt-dim">{oneLine(reason.why, 400)}</span>}
        {lines && reason.lines.length > 0 && <DiffBlock lines={reason.lines} first={LINES} />}
      </div>
    </li>
  );
}
