// How a reproduction came out: the metrics of then beside those of now.
import type { Json, RunDetail } from "../../contract";
import { number, oneLine, toNumber } from "../../lib/format";
import { Section } from "./bits";

interface Compared {
  name: string;
  before: number;
  now: number;
  within: boolean | null;
}

const MOST = 40;

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
  }));
}

export function Reproduced({ about }: Pick<RunDetail, "about">) {
  const given = about?.reproduced;
  if (!isObject(given)) return null;
  const metrics = compared(given.metrics);
  const missing = Array.isArray(given.missing) ? given.missing.map(String) : [];
  const shown = (one: number) => (Number.isNaN(one) ? "–" : number(one));
  return (
    <Section title="Reproduced">
      {typeof given.verdict === "string" && <p>{oneLine(given.verdict, 400)}</p>}
      {typeof given.reason === "string" && <p className="nbt-dim">{oneLine(given.reason, 400)}</p>}
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
            {metrics.slice(0, MOST).map(({ name, before, now, within }) => (
              <tr key={name}>
                <th scope="row">{oneLine(name, 80)}</th>
                <td className="nbt-num">{shown(before)}</td>
                <td className="nbt-num">{shown(now)}</td>
                <td className={within === false ? "nbt-lin-failed" : ""}>
                  {within === null ? "not compared" : within ? "✓ yes" : "✗ no"}
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
