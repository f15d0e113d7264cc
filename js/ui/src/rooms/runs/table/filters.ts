// Conditions in the search language that a click makes.
import type { Json } from "../../../contract";
import { type Column, filterName } from "../../../lib/columns";
import { value } from "../../../lib/format";
import { withStat } from "../../../state/runs";
import type { Also, Stat } from "../../../state/view";

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "contains";

/** Text in the quotes of the search language. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A value as the search language takes it; null where it cannot be searched for. */
export function literal(given: Json): string | null {
  if (typeof given === "boolean") return given ? "true" : "false";
  if (typeof given === "number") return String(given);
  if (typeof given === "string") return quoted(given);
  return null;
}

export function nameOf(column: Column, stats: Record<string, Stat>): string {
  return `${filterName(column.id)}${withStat(column.id, stats).slice(column.id.length)}`;
}

/** One more condition; null where the text does not say one. */
export function condition(
  column: Column,
  operator: Operator,
  text: string,
  stats: Record<string, Stat> = {},
): Also | null {
  const trimmed = text.trim();
  if (!trimmed) return null;
  const number = Number(trimmed);
  const asNumber = operator !== "contains" && Number.isFinite(number);
  if (column.numeric && !asNumber && operator !== "=" && operator !== "!=") return null;
  const right = asNumber
    ? trimmed
    : /^(true|false|nan|inf|-inf)$/i.test(trimmed) && operator !== "contains"
      ? trimmed.toLowerCase()
      : quoted(trimmed);
  const where = `${nameOf(column, stats)} ${operator} ${right}`;
  return { id: where, label: `${column.label} ${operator} ${trimmed}`, where };
}

/** The runs that have just this value; null where the language cannot say it. */
export function sameValue(column: Column, given: Json | undefined): Also | null {
  const name = filterName(column.id);
  if (given === undefined || given === null) {
    if (column.kind === "meta") return null;
    const where = `${name} is null`;
    return { id: where, label: `no ${column.label}`, where };
  }
  const right = literal(given);
  if (right === null || (typeof given === "number" && !Number.isFinite(given))) return null;
  const where = `${name} = ${right}`;
  return { id: where, label: `${column.label} = ${value(given, 40)}`, where };
}

/** A condition beside those there are; the same one only once. */
export function withAlso(also: readonly Also[], one: Also): Also[] {
  return [...also.filter((other) => other.id !== one.id), one];
}
