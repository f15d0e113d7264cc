// How a run reads in a line of the list, and in its tooltip.
import type { BriefRow, Progress } from "../../contract";
import { peoples } from "../../lib/columns";
import { ago, duration, number, oneLine, toNumber } from "../../lib/format";
import type { Held } from "./list";

const MOST = 300; // characters of a text in a tooltip

/** Seconds that a run took, or has taken by now. */
export function took({ row, came }: Held, now: number): number {
  const known = toNumber(row.duration);
  return row.status === "running" ? known + Math.max(0, now - came) : known;
}

/** How long something goes on, told each second: "3 s", "1 min 4 s". */
export function elapsed(seconds: number): string {
  return seconds < 60 ? `${Math.max(0, Math.floor(seconds))} s` : duration(Math.floor(seconds));
}

export function started(row: Pick<BriefRow, "started">, now: number): string {
  return ago(toNumber(row.started), now);
}

/** "step 12 of 120". */
export function stepOf({ step, total }: Progress): string {
  const [at, of] = [number(step), total === null ? "" : ` of ${number(total)}`];
  return `step ${at}${of}`;
}

/** The part of the way that is done, 0 to 1; null where it is not known. */
export function share({ step, total }: Progress): number | null {
  return total ? Math.min(1, Math.max(0, step / total)) : null;
}

export function tooltip(row: BriefRow): string {
  const [began, time] = [toNumber(row.started), toNumber(row.duration)];
  const moment = new Date(began * 1000);
  const clock = Number.isNaN(moment.getTime()) ? "" : moment.toLocaleString();
  const { metric } = row;
  const lines = [
    oneLine(row.name, MOST),
    `${row.status}${row.end_reason ? `: ${oneLine(row.end_reason, MOST)}` : ""}`,
    `started ${clock}${row.status === "running" ? "" : `, took ${duration(time)}`}`,
    metric ? `${oneLine(metric.name, MOST)} = ${number(toNumber(metric.value))}` : "",
    row.notebook ? oneLine(row.notebook, MOST) : "",
    row.experiment ? `experiment ${oneLine(row.experiment, MOST)}` : "",
    ...peoples(row.tags)
      .slice(0, 20)
      .map(([name, value]) => tagText(name, value, MOST)),
    row.note ? `Note: ${oneLine(row.note, MOST)}` : "",
  ];
  return lines.filter(Boolean).join("\n");
}

/** A tag as it stands on a chip. */
export function tagText(name: string, value: string, most = 60): string {
  return value === "" || value === "true" ? oneLine(name, most) : `${oneLine(name, most)}: ${oneLine(value, most)}`;
}
