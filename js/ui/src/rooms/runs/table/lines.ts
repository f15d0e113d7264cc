// What stands on each line of the table: a run, or a group with its runs below it where it is unfolded.
import type { Group } from "../../../contract";

export type Line = { kind: "run"; at: number; group: Group | null } | { kind: "group"; group: Group; place: number };

export interface Lines {
  count: number;
  line(at: number): Line | undefined;
  /** The line of the `at`-th run of a group, or of the table where there are no groups. */
  lineOf(at: number, group: Group | null): number;
}

export function plainLines(count: number): Lines {
  return {
    count,
    line: (at) => (at >= 0 && at < count ? { kind: "run", at, group: null } : undefined),
    lineOf: (at) => at,
  };
}

/** runsOf: how many runs an unfolded group has. */
export function groupedLines(
  groups: readonly Group[],
  unfolded: ReadonlySet<string>,
  runsOf: (group: Group) => number,
): Lines {
  const starts: number[] = [];
  let count = 0;
  for (const group of groups) {
    starts.push(count);
    count += 1 + (unfolded.has(group.where) ? runsOf(group) : 0);
  }
  const groupAt = (line: number) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  return {
    count,
    line: (at) => {
      if (at < 0 || at >= count) return undefined;
      const place = groupAt(at);
      const group = groups[place];
      const start = starts[place] ?? 0;
      if (!group) return undefined;
      return at === start ? { kind: "group", group, place } : { kind: "run", at: at - start - 1, group };
    },
    lineOf: (at, group) => {
      const place = groups.findIndex((one) => one.where === group?.where);
      return place < 0 ? at : (starts[place] ?? 0) + 1 + at;
    },
  };
}
