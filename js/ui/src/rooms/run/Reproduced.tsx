// How a reproduction came out: the metrics of then beside those of now.
import type { Json, RunDetail } from "../../contract";
import { number, oneLine, toNumber } from "../../lib/format";
import { Verdict } from "../lineage/Verdict";
import type { Tone } from "../lineage/words";
import { Section } from "./bits";

interface Compared {
  name: string;
  before: number;
  now: number;
  within: boolean | null;
  decides: boolean;
}

/** What the verdicts of nbtrack/execute/verdicts.py mean. */
const WORDS: Record<string, [tone: Tone, text: string]> = {
  reproduced: ["ok", "reproduced: every metric came out the same within the tolerance"],
  differs: ["warning", "differs: at least one metric came out otherwise"],
  incomplete: ["warning", "incomplete: a metric that was recorded did not come again"],
  failed: ["warning", "failed: the cells could not be run again to the end"],
  ran: ["note", "the cells ran, but no metric could decide"],
};

const MOST = 40;
const REASONS = 5;

const isObject = (given: Json | undefined): given is Record<string, Json> =>
  typeof given === "object" && given !== null && !Array.isArray(given);
const asNumber = (given: Json | undefined) =>
  typeof given === "number" || typeof given === "string" ? toNumber(given as number) : Number.NaN;

function compared(given: Json | undefined): Compared[] {
  if (!Array.isArray(given)) return [];
  return given.filter(isObject).map((one) => ({
    name: String(one.name ?? ""),
    before: asNumber(one.then),
    now: asNumber(one.now),
    within: typeof one.within === "boolean" ? one.within : null,
    decides: one.decides !== false,
  }));
}

export function Reproduced({ about }: Pick<RunDetail, "about">) {
  const given = about?.reproduced;
  if (!isObject(given)) return null;
  const metrics = compared(given.metrics);
  const texts = (list: Json | undefined) => (Array.isArray(list) ? list.map(String) : []);
  const missing = texts(given.missing);
  const reasons = texts(given.reasons).slice(0, REASONS);
  const said = String(given.verdict ?? "");
  const [tone, text] = (Object.hasOwn(WORDS, said) ? WORDS[said] : undefined) ?? ["note", said];
  const shown = (one: number) => (Number.isNaN(one) ? "–" : number(one));
  return (
    <Section title="Reproduced">
      <p className="nbt-lin-said">
        <Verdict text={text} tone={tone} />
      </p>
      {reasons.map((reason) => (
        <p key={reason}>{oneLine(reason, 400)}</p>
      ))}
      {metrics.length > 0 && (
        <table className="nbt-run-table nbt-reproduced">
          <thead>
            <tr>
              <th scope="col">metric</th>
              <th scope="col" className="nbt-num">
                then
              </th>
              <th scope="col" className="nbt-num">
                now
              </th>
              <th scope="col">within the tolerance</th>
            </tr>
          </thead>
          <tbody>
            {metrics.slice(0, MOST).map(({ name, before, now, within, decides }) => (
              <tr key={name}>
                <th scope="row">{oneLine(name, 80)}</th>
                <td className="nbt-num">{shown(before)}</td>
                <td className="nbt-num">{shown(now)}</td>
                <td className={within === false && decides ? "nbt-lin-failed" : ""}>
                  {within === null ? "did not come again" : within ? "✓ yes" : decides ? "✗ no" : "no"}
                  {!decides && <span className="nbt-dim"> (a time: decides nothing)</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {missing.length > 0 && <p className="nbt-dim">Not logged this time: {oneLine(missing.join(", "), 400)}</p>}
    </Section>
  );
}
