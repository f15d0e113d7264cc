// The table of runs as text for other programs: Markdown, LaTeX, CSV. What a run says of itself stays text everywhere:
// no name becomes markup, a command or a formula.
import { csvFormatRows } from "d3-dsv";
import type { Json, RunRow } from "../contract";
import type { Better, Stat, View } from "../state/view";
import { betterOf, type Column, cellValue, metricOf, statFor } from "./columns";
import { columnFormat, duration, oneLine, percent, signed, toNumber, value, when } from "./format";

export type Format = "markdown" | "latex" | "csv";

export interface Sheet {
  columns: readonly Column[];
  rows: readonly RunRow[];
  stats: Readonly<Record<string, Stat>>;
  better: Readonly<Record<string, Better>>;
  /** The run that the others are compared with. */
  baseline: RunRow | null;
  deltas: View["deltas"];
}

export function written(format: Format, sheet: Sheet): string {
  return { markdown, latex, csv }[format](sheet);
}

// -- for people

interface Cell {
  text: string;
  /** The difference from the baseline, in words. */
  delta: string;
  best: boolean;
}

const LONGEST = 120; // characters of a cell that people read
const NOTHING: Cell = { text: "", delta: "", best: false };

/** The cells of one column as people read them. */
function cells(sheet: Sheet, column: Column): Cell[] {
  const { rows, stats } = sheet;
  if (metricOf(column.id) !== null) return metricCells(sheet, column);
  return rows.map((row) => {
    const given = cellValue(row, column.id, stats);
    return given === undefined ? NOTHING : { ...NOTHING, text: oneLine(plain(column.id, given), LONGEST) };
  });
}

function metricCells(sheet: Sheet, column: Column): Cell[] {
  const { rows, stats, baseline, deltas } = sheet;
  const of = (row: RunRow) => cellValue(row, column.id, stats) as number | undefined;
  const numbers = rows.map(of);
  const write = columnFormat(numbers.filter((one) => one !== undefined));
  const best = bestOf(numbers, betterOf(column, sheet.better));
  const from = baseline ? of(baseline) : undefined;
  return rows.map((row, at) => {
    const number = numbers[at];
    if (number === undefined) return NOTHING;
    const delta = from === undefined || row.id === baseline?.id ? "" : difference(number, from, deltas, write);
    return { text: write(number), delta, best: number === best };
  });
}

/** The best number, where there are two to choose from; undefined if there is none. */
export function bestOf(numbers: readonly (number | undefined)[], better: "min" | "max" | null): number | undefined {
  const known = numbers.filter((one): one is number => one !== undefined && !Number.isNaN(one));
  if (!better || known.length < 2) return undefined;
  let best = known[0] as number;
  for (const one of known) if (better === "min" ? one < best : one > best) best = one;
  return known.every((one) => one === best) ? undefined : best;
}

/** "+0.012, +1.3%". */
export function difference(
  now: number,
  before: number,
  deltas: View["deltas"],
  write?: (one: number) => string,
): string {
  const absolute = deltas === "percent" ? "" : signed(now - before, write);
  const part = deltas === "absolute" ? "" : percent(now, before);
  return [absolute, part].filter(Boolean).join(", ");
}

/** What stands in a cell, on as many lines as it has. */
function plain(id: string, given: Json): string {
  if (id === "started") return when(toNumber(given as number));
  if (id === "duration") return duration(toNumber(given as number));
  if (id === "tags") return tags(given);
  if (id.startsWith("params.")) return value(given, LONGEST);
  return given === null ? "" : String(given);
}

function tags(given: Json): string {
  return Object.entries(given as Record<string, string>)
    .map(([name, text]) => `${name}=${text}`)
    .join(", ");
}

/** What stands over the columns: the name, with the summary that is shown of a metric; whole where two are the same. */
export function titles({ columns, stats }: Pick<Sheet, "columns" | "stats">): string[] {
  const count = new Map<string, number>();
  for (const { label } of columns) count.set(label, (count.get(label) ?? 0) + 1);
  return columns.map(({ id, label }) => {
    const stat = statFor(stats, metricOf(id) ?? "");
    const name = (count.get(label) ?? 0) > 1 ? id : label;
    return stat === "last" || metricOf(id) === null ? name : `${name} (${stat})`;
  });
}

// -- Markdown

const PADDED = 40; // characters up to which columns stand under one another in the text

export function markdown(sheet: Sheet): string {
  const { columns } = sheet;
  const body = columns.map((column) =>
    cells(sheet, column).map(({ text, delta, best }) => {
      const shown = markdownText(text);
      return (best ? `**${shown}**` : shown) + (delta ? ` (${markdownText(delta)})` : "");
    }),
  );
  const heads = titles(sheet).map((title) => markdownText(oneLine(title, LONGEST)));
  const widths = heads.map((head, at) =>
    Math.max(3, ...[head, ...(body[at] ?? [])].map((text) => Math.min(text.length, PADDED))),
  );
  const line = (parts: string[]) =>
    `| ${parts.map((part, at) => (columns[at]?.numeric ? part.padStart(widths[at] ?? 0) : part.padEnd(widths[at] ?? 0))).join(" | ")} |`;
  const rule = `| ${columns.map(({ numeric }, at) => "-".repeat((widths[at] ?? 3) - 1) + (numeric ? ":" : "-")).join(" | ")} |`;
  const lines = sheet.rows.map((_, row) => line(body.map((column) => column[row] ?? "")));
  return `${[line(heads), rule, ...lines].join("\n")}\n`;
}

/** A text that Markdown shows as it is. An underscore inside a word means nothing to it, and stays. */
export function markdownText(text: string): string {
  return flat(text)
    .replace(/[\\`*[\]<>|~$&]/g, "\\$&")
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "\\_");
}

// -- LaTeX

export function latex(sheet: Sheet): string {
  const { columns, rows } = sheet;
  const body = columns.map((column) =>
    cells(sheet, column).map(({ text, delta, best }) => {
      const shown = column.numeric ? latexNumber(text) : latexText(text);
      return (best ? `\\textbf{${shown}}` : shown) + (delta ? ` (${latexText(delta)})` : "");
    }),
  );
  const line = (parts: string[]) => `${parts.join(" & ")} \\\\`;
  return `${[
    "% \\usepackage{booktabs}",
    `\\begin{tabular}{${columns.map(({ numeric }) => (numeric ? "r" : "l")).join("")}}`,
    "\\toprule",
    line(titles(sheet).map((title) => latexText(oneLine(title, LONGEST)))),
    "\\midrule",
    ...rows.map((_, row) => line(body.map((column) => column[row] ?? ""))),
    "\\bottomrule",
    "\\end{tabular}",
  ].join("\n")}\n`;
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "\\textquotedbl{}",
  "`": "\\textasciigrave{}",
  "−": "$-$",
  "…": "\\dots{}",
};

/** A text that LaTeX shows as it is; also "?`" and "--", which it would join. */
export function latexText(text: string): string {
  return flat(text)
    .replace(/[\\~^<>|"`−…&%$#_{}]/g, (char) => LATEX[char] ?? `\\${char}`)
    .replace(/-(?=-)/g, "-{}")
    .replace(/^\[/, "{[}"); // after the \\ of the line before it would be an option
}

/** A number as mathematics: a true minus, powers of ten, infinity. Anything else as text. */
function latexNumber(text: string): string {
  if (text === "inf" || text === "-inf") return text === "inf" ? "$\\infty$" : "$-\\infty$";
  const found = /^(-?)(\d[\d,]*(?:\.\d+)?)(?:e([+-]?)(\d+))?$/.exec(text);
  if (!found) return latexText(text);
  const [, minus, digits = "", sign, power] = found;
  const grouped = digits.replaceAll(",", "{,}");
  if (power) return `$${minus}${grouped} \\times 10^{${sign === "-" ? "-" : ""}${Number(power)}}$`;
  return minus ? `$-${grouped}$` : digits;
}

/** On one line, without characters that are no text. */
function flat(text: string): string {
  return [...text.replace(/\s+/g, " ")].filter((char) => !/\p{Cc}|\p{Cf}/u.test(char)).join("");
}

// -- CSV

/** All digits, one row a run; a text that a spreadsheet would take for a formula has a ' before it. */
export function csv(sheet: Sheet): string {
  const { columns, rows, stats, baseline, deltas } = sheet;
  const heads = ["id"];
  const parts: ((row: RunRow) => string)[] = [(row) => csvText(row.id)];
  for (const column of columns) {
    const metric = metricOf(column.id);
    const name = withStat(column.id, metric, stats);
    const of = (row: RunRow) => cellValue(row, column.id, stats);
    heads.push(csvText(name));
    parts.push((row) => csvValue(column.id, of(row)));
    const from = metric === null || !baseline ? undefined : of(baseline);
    if (from === undefined) continue;
    const change = (row: RunRow, write: (now: number, before: number) => number) => {
      const now = of(row);
      return now === undefined ? "" : csvNumber(write(now as number, from as number));
    };
    if (deltas !== "percent") {
      heads.push(csvText(`${name} difference`));
      parts.push((row) => change(row, (now, before) => now - before));
    }
    if (deltas !== "absolute") {
      heads.push(csvText(`${name} difference %`));
      parts.push((row) => change(row, (now, before) => ((now - before) / Math.abs(before)) * 100));
    }
  }
  return `${csvFormatRows([heads, ...rows.map((row) => parts.map((part) => part(row)))])}\n`;
}

function withStat(id: string, metric: string | null, stats: Sheet["stats"]): string {
  const stat = metric === null ? "last" : statFor(stats, metric);
  return stat === "last" ? id : `${id}.${stat}`;
}

function csvValue(id: string, given: Json | undefined): string {
  if (given === undefined) return "";
  if (id === "started") return moment(toNumber(given as number));
  if (id === "tags") return csvText(tags(given));
  if (typeof given === "number") return csvNumber(given);
  if (given === null) return id.startsWith("params.") ? "None" : "";
  if (typeof given === "boolean") return given ? "True" : "False";
  if (typeof given === "string") return csvText(given);
  return csvText(JSON.stringify(given));
}

function moment(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

function csvNumber(given: number): string {
  if (Number.isFinite(given)) return String(given);
  return Number.isNaN(given) ? "nan" : given > 0 ? "inf" : "-inf";
}

/** Spreadsheets calculate what begins so; a number that is too long for JavaScript is none. */
export function csvText(text: string): string {
  return /^[=+\-@\t\r\n]/.test(text) && !/^-?\d+$/.test(text) ? `'${text}` : text;
}
