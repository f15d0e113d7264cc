// The few words that say how far a run can be trusted to come from what the notebook shows.
import type { RunDetail } from "../../contract";
import { oneLine, plural } from "../../lib/format";
import { type Brief, briefOf, SIGNS, type Tone, toneOf } from "./words";

/** A sign and the verdict. */
export function Verdict({ text, tone }: { text: string; tone: Tone }) {
  return (
    <span className={`nbt-verdict nbt-verdict-${tone}`}>
      <span className="nbt-verdict-sign" aria-hidden="true">
        {SIGNS[tone]}
      </span>
      {oneLine(text, 200)}
    </span>
  );
}

/** Beside the run's name and in the box at a cell; nothing where the run has none. onOpen: shows where it comes from. */
export function VerdictChip({ about, onOpen }: { about: RunDetail["about"] | undefined; onOpen?: () => void }) {
  const brief = briefOf(about);
  if (!brief) return null;
  const tone = toneOf(brief.hidden, brief.unknown);
  const shown = <Verdict text={oneLine(brief.verdict, 60)} tone={tone} />;
  const title = told(brief);
  if (!onOpen) {
    return (
      <span className="nbt-verdict-chip" title={title}>
        {shown}
      </span>
    );
  }
  return (
    <button
      type="button"
      className="nbt-verdict-chip"
      title={`${title}\nShow where the run comes from`}
      onClick={onOpen}
    >
      {shown}
    </button>
  );
}

const MOST = 6;

/** The verdict with what is behind it, a line each. */
export function told({ verdict, hidden, unknown, cells }: Brief): string {
  const lines = [
    ...hidden.map(({ text }) => text),
    ...unknown.map((text) => `Not known: ${text}`),
    ...(cells ? [`${plural(cells, "cell")} behind it.`] : []),
  ];
  return [verdict, ...lines.slice(0, MOST).map((line) => oneLine(line, 160))].join("\n");
}
