// Which questions to put for the curves that are wanted: few, none of them too large, the first chart's first.

export interface Question {
  runs: string[];
  keys: string[];
}

const MOST = 60; // curves in one question that is about several metrics

/** Metrics that want the same runs are asked together while that is little; else each metric by itself. */
export function questions(wanted: ReadonlyMap<string, readonly string[]>): Question[] {
  const found: Question[] = [];
  const bySame = new Map<string, Question>();
  for (const [key, runs] of wanted) {
    if (!runs.length) continue;
    const same = runs.join(" ");
    const open = bySame.get(same);
    if (open && (open.keys.length + 1) * runs.length <= MOST) {
      open.keys.push(key);
      continue;
    }
    const next = { runs: [...runs], keys: [key] };
    found.push(next);
    bySame.set(same, next);
  }
  return found;
}

/** A list in parts of at most `size`. */
export function parts<T>(list: readonly T[], size: number): T[][] {
  const found: T[][] = [];
  for (let at = 0; at < list.length; at += size) found.push(list.slice(at, at + size));
  return found;
}
