// The points that a chart shows, as a table.

import { number } from "../../../../lib/format";
import type { Line } from "../calc/line";
import type { CardInput } from "../cardChart";

const HEAD = "run,name,metric,step,time,value";
const MEANS = "group,metric,x,mean,low,high,runs";

/** A cell as RFC 4180 has it. A text that a spreadsheet would run as a formula is kept a text by an apostrophe. */
export function cell(given: string | number | null): string {
  if (given === null) return "";
  if (typeof given === "number") return Number.isFinite(given) ? String(given) : number(given);
  const safe = /^[=+\-@\t\r]/.test(given) ? `'${given}` : given;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(metric: string, lines: readonly Line[], input: Pick<CardInput, "groupOf">): string {
  const rows = [input.groupOf ? MEANS : HEAD];
  const add = (...cells: (string | number | null)[]) => rows.push(cells.map(cell).join(","));
  for (const line of lines) {
    for (let i = 0; i < line.length; i++) {
      const { band } = line;
      if (band) {
        const [low, high] = [band.low[i] ?? null, band.high[i] ?? null];
        add(line.label, metric, line.place(i), line.shown[i] ?? null, low, high, band.runs);
      } else
        add(line.id, line.label, metric, line.step(i), isoTime(line.time(i)), line.logged(i) ?? line.shown[i] ?? null);
    }
  }
  return `${rows.join("\r\n")}\r\n`;
}

function isoTime(moment: number | null): string {
  const date = new Date((moment ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
