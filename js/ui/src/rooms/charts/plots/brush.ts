// What was brushed on the axes of parallel coordinates, as conditions that the table is filtered by.
import type { FigureAxis } from "../../../contract";
import { filterName } from "../../../lib/columns";
import { general } from "../../../lib/format";
import type { Also } from "../../../state/view";

/** One range of an axis, or several, as plotly has it; undefined where nothing is brushed. */
export type Constraint = readonly [number, number] | readonly (readonly [number, number])[] | undefined;

export const brushPrefix = (plot: string) => `brush:${plot}:`;

/** The condition of one axis; null where nothing is brushed or the search language has no words for it. */
export function brushed(plot: string, axis: FigureAxis, constraint: Constraint): Also | null {
  const ranges = rangesOf(constraint);
  if (!ranges.length) return null;
  const parts = axis.kind === "categorical" ? places(axis, ranges) : spans(axis, ranges);
  if (!parts.length) return null;
  return {
    id: brushPrefix(plot) + axis.column,
    label: `${shortName(axis.column)} ${parts.map((part) => part.label).join(" or ")}`,
    where: parts.length > 1 ? `(${parts.map((part) => part.where).join(" or ")})` : (parts[0]?.where ?? ""),
  };
}

function rangesOf(constraint: Constraint): (readonly [number, number])[] {
  if (!constraint?.length) return [];
  const [first] = constraint;
  return typeof first === "number"
    ? [constraint as readonly [number, number]]
    : [...(constraint as [number, number][])];
}

interface Part {
  label: string;
  where: string;
}

function spans(axis: FigureAxis, ranges: readonly (readonly [number, number])[]): Part[] {
  const name = filterName(axis.column);
  const real = (place: number) => (axis.kind === "log" ? 10 ** place : place);
  return ranges.map(([low, high]) => {
    // A little wider than the pointer said: what lies on the edge was meant.
    const [from, to] = [rounded(real(low), Math.floor), rounded(real(high), Math.ceil)];
    return { label: `${general(from, 3)} … ${general(to, 3)}`, where: `${name} between ${from} and ${to}` };
  });
}

function places(axis: FigureAxis, ranges: readonly (readonly [number, number])[]): Part[] {
  const found: Part[] = [];
  axis.places.forEach((given, at) => {
    const place = Number(given);
    const where = axis.wheres[at];
    if (!where || !ranges.some(([low, high]) => place >= low && place <= high)) return;
    found.push({ label: where.slice(filterName(axis.column).length).trim(), where });
  });
  return found;
}

/** Four significant digits, away from the range. */
function rounded(value: number, away: (value: number) => number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 3);
  return Number((away(Number((value / unit).toPrecision(12))) * unit).toPrecision(12)); // 10 ** -1 is not quite 0.1
}

function shortName(column: string): string {
  return column.replace(/^(params|metrics|tags)\./, "");
}
