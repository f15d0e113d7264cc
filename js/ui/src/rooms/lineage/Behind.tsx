// What the overview says of where a run comes from: the verdict, the gravest of what is hidden, and a way to the rest.
import type { RunDetail } from "../../contract";
import { oneLine, plural } from "../../lib/format";
import { Section } from "../run/bits";
import { useSetRoom } from "../run/state";
import { Finding } from "./Findings";
import { Verdict } from "./Verdict";
import { briefOf, toneOf } from "./words";

const MOST = 3;

export function Behind({ detail }: { detail: RunDetail }) {
  const setRoom = useSetRoom();
  const brief = briefOf(detail.about);
  if (!brief) return null;
  const { hidden, unknown, cells, verdict } = brief;
  const more = hidden.length - MOST;
  return (
    <Section
      title="Where it comes from"
      aside={
        <button type="button" className="nbt-link-button" onClick={() => setRoom({ tab: "lineage" })}>
          {cells ? plural(cells, "cell") : "lineage"}
        </button>
      }
    >
      <p className="nbt-lin-said">
        <Verdict text={verdict} tone={toneOf(hidden, unknown)} />
      </p>
      {hidden.length > 0 && (
        <ul className="nbt-findings" aria-label="What the notebook does not show">
          {hidden.slice(0, MOST).map((one) => (
            <Finding key={`${one.what} ${one.name} ${one.text}`} one={one} />
          ))}
        </ul>
      )}
      {more > 0 && <p className="nbt-dim nbt-lin-small">and {more} more</p>}
      {!hidden.length && unknown.length > 0 && (
        <p className="nbt-dim nbt-lin-small">Not known: {oneLine(unknown[0] ?? "", 200)}</p>
      )}
    </Section>
  );
}
