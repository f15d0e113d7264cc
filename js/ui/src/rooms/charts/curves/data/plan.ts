// Which questions to put for the curves that are wanted: few, none of them too large, the first chart's first.

export interface Question {
  runs: string[];
  keys: string[];
}

const MOST = 60; // curves in one question that is about several metrics
const LONGEST = 3000; // characters of the metrics in one question: questions travel in an address

/** Metrics that want the same runs are asked together while that is little; else each metric by itself. */
export function questions(wanted: ReadonlyMap<string, readonly string[]>): Question[] {
  const found: Question[] = [];
  const bySame = new Map<string, Question>();
  for (const [key, runs] of wanted) {
    if (!runs.length) continue;
    const same = runs.join(" ");
    const open = bySame.get(same);
    const length = open ? open.keys.join("").length + key.length : 0;
    if (open && (open.keys.length + 1) * runs.length <= MOST && length <= LONGEST) {
      open.keys.push(key);
      continue;
    }
    const next = { runs: [...runs], keys: [key] };
    found.push(next);
    bySame.set(same, next);
  }
  return found;
}

/** A list in parts, each of at most this cost in all, or of one thing that costs more. */
export function parts<T>(list: readonly T[], most: number, cost: (one: T) => number): T[][] {
  const found: T[][] = [];
  let left = 0;
  for (const one of list) {
    const own = cost(one);
    if (own > left || !found.length) {
      found.push([]);
      left = most;
    }
    found.at(-1)?.push(one);
    left -= own;
  }
  return found;
}
