// How the columns of the table are arranged: their order, which are seen, and what a change by hand leaves behind.
import { type Column, type ColumnKind, firstColumns } from "./columns";

export interface Arrangement {
  order: readonly string[];
  visible: Readonly<Record<string, boolean>>;
  pinnedColumns: readonly string[];
  onlyDiffering: boolean;
  /** The columns that are seen where nothing was said by hand. */
  first?: readonly string[];
}

/** What a run was given. What came out of it is shown also where it is the same for all. */
const SETTINGS: ReadonlySet<ColumnKind> = new Set(["params", "tags"]);

/** All columns in their order: those named first, the others after them as they come by themselves. */
export function inOrder(columns: readonly Column[], order: readonly string[]): Column[] {
  if (!order.length) return [...columns];
  const byId = new Map(columns.map((column) => [column.id, column]));
  const first: Column[] = [];
  for (const id of order) {
    const column = byId.get(id);
    if (column && byId.delete(id)) first.push(column);
  }
  return [...first, ...byId.values()];
}

/** The columns that are seen, in their order, those held at the left first. differing: null while it is not known. */
export function seenColumns(
  columns: readonly Column[],
  { order, visible, pinnedColumns, onlyDiffering, first: wanted }: Arrangement,
  differing: ReadonlySet<string> | null,
): Column[] {
  const first = firstColumns(columns, wanted);
  const held = new Set(pinnedColumns);
  const seen = inOrder(columns, order).filter(({ id, kind }) => {
    if (!(visible[id] ?? first.has(id))) return false;
    return !onlyDiffering || !differing || !SETTINGS.has(kind) || held.has(id) || differing.has(id);
  });
  const byId = new Map(seen.map((column) => [column.id, column]));
  const pinned = pinnedColumns.flatMap((id) => byId.get(id) ?? []);
  return [...pinned, ...seen.filter(({ id }) => !held.has(id))];
}

/**
 * The order in which a column stands before another, or last where `before` is null. Only as much of it is named as
 * differs from the order that comes by itself.
 */
export function moved(
  columns: readonly Column[],
  order: readonly string[],
  id: string,
  before: string | null,
): string[] {
  const full = inOrder(columns, order).map((column) => column.id);
  if (!full.includes(id) || id === before) return [...order];
  const rest = full.filter((one) => one !== id);
  const at = before === null ? rest.length : rest.indexOf(before);
  rest.splice(at < 0 ? rest.length : at, 0, id);
  return named(columns, rest);
}

/** The shortest beginning of an order after which the others follow by themselves. */
function named(columns: readonly Column[], full: readonly string[]): string[] {
  const place = new Map(columns.map((column, at) => [column.id, at]));
  let from = full.length;
  // From the end: a column follows by itself as long as it comes before its successor by itself, too.
  while (from > 0) {
    const own = place.get(full[from - 1] ?? "") ?? -1;
    const next = from < full.length ? (place.get(full[from] ?? "") ?? -1) : Number.POSITIVE_INFINITY;
    if (own > next) break;
    from -= 1;
  }
  return full.slice(0, from);
}

/** Columns in the order in which they were before; those that are new come last of their kind. */
export function steady(columns: readonly Column[], before: readonly Column[]): Column[] {
  const place = new Map(before.map((column, at) => [column.id, at]));
  const kinds = [...new Set(columns.map((column) => column.kind))];
  return kinds.flatMap((kind) => {
    const own = columns.filter((column) => column.kind === kind);
    const known = own.filter((column) => place.has(column.id));
    known.sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0));
    return [...known, ...own.filter((column) => !place.has(column.id))];
  });
}
