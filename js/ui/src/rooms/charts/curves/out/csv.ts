// The points that a chart shows, as a table: as they were logged, whatever the line is smoothed to.

import { number } from "../../../../lib/format";
import type { Line } from "../calc/line";
import type { CardInput } from "../cardScene";

const HEAD = "run,name,metric,step,time,value";
const MEANS = "group,metric,x,mean,low,high,runs";

/** A cell as RFC 4180 has it. A text that a spreadsheet would run as a formula is kept a text by an apostrophe. */
export function cell(given: string | number | null): string {
  if (given === null) return "";
  if (typeof given === "number") return Number.isFinite(given) ? String(given) : number(given);
  const safe = /^[=+\-@\t\r]/.test(given) ? `'${given}` : given;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvOf(metric: string, lines: readonly Line[], input: Pick<CardInput, "groups">): string {
  const rows = [input.groups ? MEANS : HEAD];
  const add = (...cells: (string | number | null)[]) => rows.push(cells.map(cell).join(","));
  for (const { id, label, points, band } of lines) {
    if (band) {
      const { xs, mean, low, high, runs } = band.of;
      for (const [i, x] of xs.entries()) add(label, metric, x, mean[i] ?? null, low[i] ?? null, high[i] ?? null, runs);
    }
    for (let i = 0; i < (points?.length ?? 0); i++) {
      add(id, label, metric, points?.steps[i] ?? null, isoTime(points?.times[i]), points?.values[i] ?? null);
    }
  }
  return `${rows.join("\r\n")}\r\n`;
}

function isoTime(moment: number | undefined): string {
  const date = new Date((moment ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
