// Runs side by side as plain data: a line for each thing they have, told whether it differs.
import type { Json, RunDetail } from "../../contract";
import { betterOf, type Column, statFor } from "../../lib/columns";
import { bestOf } from "../../lib/export";
import { columnFormat, duration, MISSING, percent, signed, toNumber, value } from "../../lib/format";
import type { Better, Stat, View } from "../../state/view";
import { environmentFacts } from "../run/surroundings";

export interface Cell {
  text: string;
  /** Nothing of this kind was recorded. */
  missing?: boolean;
  best?: boolean;
  delta?: Delta;
}

export interface Delta {
  text: string;
  /** Better or worse than the baseline; null where neither direction is better. */
  good: boolean | null;
}

export interface Line {
  name: string;
  /** Which summary of a metric it is, where it is not the last value. */
  note: string;
  differs: boolean;
  /** Written only when they are seen: there may be ten thousand lines. */
  cells: () => Cell[];
}

export interface Section {
  title: string;
  numeric: boolean;
  /** What differs comes first. */
  lines: Line[];
}

export interface Look {
  columns: readonly Column[];
  stats: Readonly<Record<string, Stat>>;
  better: Readonly<Record<string, Better>>;
  deltas: View["deltas"];
  /** The place of the run that the others are compared with. */
  base: number;
}

export function sections(runs: readonly RunDetail[], look: Look): Section[] {
  const plain = (title: string, of: (run: RunDetail) => Map<string, string>): Section => ({
    title,
    numeric: false,
    lines: ordered(textLines(runs.map(of))),
  });
  return [
    plain("Params", params),
    { title: "Metrics", numeric: true, lines: ordered(metricLines(runs, look)) },
    plain("Tags", (run) => new Map(Object.entries(run.row.tags))),
    plain("Run", facts),
    plain("Data", data),
    plain("Git", git),
    plain("Environment", (run) => new Map(environmentFacts(run.environment))),
    plain("Packages", packages),
  ].filter((section) => section.lines.length > 0);
}

const LONGEST = 500; // characters of a cell

function params({ row }: RunDetail): Map<string, string> {
  return new Map(Object.entries(row.params).map(([name, given]) => [name, value(given, LONGEST)]));
}

function facts({ row }: RunDetail): Map<string, string> {
  return filled([
    ["experiment", row.experiment],
    ["notebook", row.notebook],
    ["took", row.status === "running" ? "running" : duration(toNumber(row.duration))],
    ["ended by", row.end_reason],
    ["note", row.note],
  ]);
}

function data({ datasets }: RunDetail): Map<string, string> {
  return filled(
    datasets.map(({ name, role, hash, path }) => [
      [role, name].filter(Boolean).join(" "),
      hash?.slice(0, 12) ?? path ?? "recorded",
    ]),
  );
}

function git({ git: state }: RunDetail): Map<string, string> {
  if (!state) return new Map();
  const text = (given: Json | undefined) => (typeof given === "string" ? given : "");
  const dirty = state.dirty === true ? "uncommitted" : state.dirty === false ? "none" : "";
  return filled([
    ["commit", text(state.commit).slice(0, 12)],
    ["branch", text(state.branch)],
    ["changes", dirty],
  ]);
}

function packages({ environment }: RunDetail): Map<string, string> {
  const found = environment.packages;
  if (typeof found !== "object" || found === null || Array.isArray(found)) return new Map();
  return new Map(Object.entries(found).map(([name, version]) => [name, value(version)]));
}

function filled(given: readonly (readonly [string, string | null])[]): Map<string, string> {
  return new Map(given.filter((one): one is [string, string] => Boolean(one[1])));
}

function textLines(runs: readonly Map<string, string>[]): Line[] {
  return names(runs).map((name) => {
    const texts = runs.map((run) => run.get(name));
    return {
      name,
      note: "",
      differs: texts.some((text) => text !== texts[0]),
      cells: () => texts.map((text) => (text === undefined ? { text: MISSING, missing: true } : { text })),
    };
  });
}

function metricLines(runs: readonly RunDetail[], look: Look): Line[] {
  const columns = new Map(look.columns.map((column) => [column.id, column]));
  return names(runs.map(({ row }) => new Map(Object.keys(row.metrics).map((name) => [name, name])))).map((name) => {
    const stat = statFor(look.stats, name);
    const numbers = runs.map(({ row }) => {
      const summary = Object.hasOwn(row.metrics, name) ? row.metrics[name] : undefined;
      return summary && toNumber(summary[stat]);
    });
    const column = columns.get(`metrics.${name}`);
    return {
      name,
      note: stat === "last" ? "" : stat,
      differs: numbers.some((one) => !Object.is(one, numbers[0])),
      cells: () => metricCells(numbers, column ? betterOf(column, look.better) : null, look),
    };
  });
}

function metricCells(numbers: (number | undefined)[], better: "min" | "max" | null, { base, deltas }: Look): Cell[] {
  const best = bestOf(numbers, better);
  const write = columnFormat(numbers.filter((one) => one !== undefined));
  const from = numbers[base];
  return numbers.map((number, at) => {
    if (number === undefined) return { text: MISSING, missing: true };
    const away = from === undefined || at === base ? undefined : delta(number, from, better, deltas, write);
    return { text: write(number), best: number === best, delta: away };
  });
}

function delta(
  now: number,
  before: number,
  better: "min" | "max" | null,
  deltas: View["deltas"],
  write: (one: number) => string,
): Delta | undefined {
  const by = now - before;
  if (!Number.isFinite(by) || by === 0) return undefined;
  const parts = [deltas !== "percent" && signed(by, write), deltas !== "absolute" && percent(now, before)];
  return { text: parts.filter(Boolean).join("  "), good: better && (better === "min") === by < 0 };
}

/** All names, as the first run that has them orders them. */
function names(runs: readonly Map<string, unknown>[]): string[] {
  return [...new Set(runs.flatMap((run) => [...run.keys()]))];
}

function ordered(lines: readonly Line[]): Line[] {
  return [...lines.filter((line) => line.differs), ...lines.filter((line) => !line.differs)];
}
