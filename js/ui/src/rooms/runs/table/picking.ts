// Which runs stand between two lines, also those whose rows are not in memory.
import type { PageRequest, RunPage } from "../../../contract";
import type { Source } from "./useSource";

/** More runs than this are not selected at once: it is also what one answer may hold. */
export const MOST = 10_000;

export interface Stretch {
  /** The group's filter; null where runs are not grouped. */
  where: string | null;
  first: number;
  last: number;
}

/** The runs between two lines, group by group. */
export function stretches(source: Pick<Source, "lines">, one: number, other: number): Stretch[] {
  const found: Stretch[] = [];
  for (let at = Math.min(one, other); at <= Math.max(one, other); at++) {
    const line = source.lines.line(at);
    if (line?.kind !== "run") continue;
    const where = line.group?.where ?? null;
    const latest = found.at(-1);
    if (latest && latest.where === where) latest.last = line.at;
    else found.push({ where, first: line.at, last: line.at });
  }
  return found;
}

/** Their ids: from memory where it has them all, else asked for. */
export async function idsOf(
  known: (at: number) => string | undefined,
  { first, last }: Stretch,
  request: PageRequest,
  ask: (request: PageRequest) => Promise<RunPage>,
): Promise<string[]> {
  const ids: string[] = [];
  const end = Math.min(last, first + MOST - 1);
  for (let at = first; at <= end; at++) {
    const id = known(at);
    if (id === undefined) {
      const page = await ask({ ...request, columns: [], offset: first, limit: end - first + 1 });
      return page.rows.map((row) => row.id);
    }
    ids.push(id);
  }
  return ids;
}
