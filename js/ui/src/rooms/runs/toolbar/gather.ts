// The runs that are copied or downloaded, asked for with the columns that are seen.
import type { Transport } from "../../../api/transport";
import type { RunRow } from "../../../contract";
import type { Column } from "../../../lib/columns";
import type { Selection } from "../../../state/runs";

export const MOST = 10_000; // runs in one answer, and in one edit
const AT_ONCE = 200; // ids in one filter, which may have 10,000 characters
const SLOW = 60_000; // milliseconds

export interface Wanted {
  selection: Selection;
  sort: string[];
  columns: readonly Column[];
  /** These runs instead of all that match. */
  selected: ReadonlySet<string>;
}

export interface Gathered {
  rows: RunRow[];
  /** How many there are; more than the rows where not all fit into one answer. */
  of: number;
}

/** Only the values that are seen travel. */
export function asked(columns: readonly Column[]): string[] {
  const kinds = columns.filter(({ kind }) => kind !== "meta").map(({ id }) => id);
  return columns.some(({ id }) => id === "tags") ? [...kinds, "tags.*"] : kinds;
}

export async function gather(transport: Transport, wanted: Wanted): Promise<Gathered> {
  const { selection, sort, selected } = wanted;
  const columns = asked(wanted.columns);
  if (!selected.size) {
    const page = await transport.ask("runs.page", { ...selection, sort, columns, limit: MOST }, { timeout: SLOW });
    return { rows: page.rows, of: page.matched };
  }
  const rows = await byId(transport, [...selected].slice(0, MOST), selection.trashed, sort, columns);
  if (selected.size <= AT_ONCE) return { rows, of: rows.length };
  // Asked in parts, they come sorted in parts: their order is that of the table, those it does not have come last.
  const table = await transport.ask("runs.page", { ...selection, sort, columns: [], limit: MOST }, { timeout: SLOW });
  const place = new Map(table.rows.map((row, at) => [row.id, at]));
  rows.sort((a, b) => (place.get(a.id) ?? MOST) - (place.get(b.id) ?? MOST));
  return { rows, of: selected.size };
}

/** Runs by their ids, whatever the filter says. Those that are gone are left out. */
export async function byId(
  transport: Transport,
  ids: readonly string[],
  trashed: boolean,
  sort: string[] = [],
  columns: string[] | null = null,
): Promise<RunRow[]> {
  const rows: RunRow[] = [];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE).map((id) => `'${id.replaceAll("'", "''")}'`);
    const filter = `id in (${some.join(", ")})`;
    const page = await transport.ask("runs.page", { filter, trashed, sort, columns, limit: MOST }, { timeout: SLOW });
    rows.push(...page.rows);
  }
  return rows;
}
