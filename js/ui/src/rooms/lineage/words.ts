// What is said of where a run comes from, in the same words wherever it stands.
import type { Hidden, Json, LineageCell } from "../../contract";

/** The short words of a mark. */
export const MARKS: Record<Hidden["what"], string> = {
  edited: "edited since",
  deleted: "deleted since",
  order: "out of order",
  undefined: "undefined",
  unseeded: "no seed",
  data: "data changed",
};

export const markOf = ({ what }: Hidden): string => MARKS[what] ?? what;

export type Tone = "ok" | "note" | "warning";

/** How grave it is: what may mislead, what need not matter or could not be told, nothing at all. */
export function toneOf(hidden: readonly Pick<Hidden, "severity">[], unknown: readonly unknown[]): Tone {
  if (hidden.some(({ severity }) => severity === "warning")) return "warning";
  return hidden.length || unknown.length ? "note" : "ok";
}

export const SIGNS: Record<Tone, string> = { ok: "✓", note: "○", warning: "⚠" };

/** What was stored with the run itself. */
export interface Brief {
  verdict: string;
  hidden: Hidden[];
  cells: number;
  unknown: string[];
}

const isObject = (given: Json | undefined): given is Record<string, Json> =>
  typeof given === "object" && given !== null && !Array.isArray(given);
const texts = (given: Json | undefined): string[] =>
  Array.isArray(given) ? given.filter((one): one is string => typeof one === "string") : [];

/** Null for a run that has none: of a script, or of a time before there was lineage. */
export function briefOf(about: Record<string, Json> | undefined): Brief | null {
  const given = about?.lineage;
  if (!isObject(given) || typeof given.verdict !== "string" || !given.verdict) return null;
  const hidden = Array.isArray(given.hidden) ? given.hidden.filter(isObject) : [];
  return {
    verdict: given.verdict,
    hidden: hidden as unknown as Hidden[],
    cells: typeof given.cells === "number" ? given.cells : 0,
    unknown: texts(given.unknown),
  };
}

/** "In [4]", or what else it may be called by. */
export const nameOf = ({ execution }: Pick<LineageCell, "execution">): string => `In [${execution ?? " "}]`;

/** The lines of a cell that say most: without blank ones, comments and magics, as long as there are others. */
export function firstLines(source: string | null, most: number): string[] {
  const lines = (source ?? "").slice(0, 20_000).split("\n");
  const filled = lines.filter((line) => line.trim());
  const telling = filled.filter((line) => !/^\s*(#|%)/.test(line));
  return (telling.length ? telling : filled).slice(0, most);
}
