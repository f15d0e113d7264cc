// A difference of code as it is shown: which lines stand beside one another, and which words changed within them.
import type { DiffLine } from "../../contract";

export type Range = readonly [from: number, to: number];

/** One row of a side by side view; in the unified view its left line comes before its right one. */
export interface Pair {
  left: DiffLine | null;
  right: DiffLine | null;
  /** Characters that changed, where both sides are similar. */
  leftMarks: Range[];
  rightMarks: Range[];
}

const LONGEST = 1_500; // characters of a line whose words are compared
const MOST_WORDS = 300;
const ALIKE = 0.25; // of two lines less alike than this, saying what changed says nothing

/** Removed lines beside the lines that were added in their place. */
export function pairs(lines: readonly DiffLine[]): Pair[] {
  const found: Pair[] = [];
  for (let at = 0; at < lines.length; ) {
    const start = at;
    while (lines[at]?.kind === "left") at++;
    const middle = at;
    while (lines[at]?.kind === "right") at++;
    if (at === start) {
      const line = lines[at++] as DiffLine;
      found.push({ left: line, right: line, leftMarks: [], rightMarks: [] });
      continue;
    }
    for (let row = 0; row < Math.max(middle - start, at - middle); row++) {
      const left = start + row < middle ? (lines[start + row] ?? null) : null;
      const right = middle + row < at ? (lines[middle + row] ?? null) : null;
      const [leftMarks, rightMarks] = left && right ? changedWords(left.text, right.text) : [[], []];
      found.push({ left, right, leftMarks, rightMarks });
    }
  }
  return found;
}

/** The rows of a unified view: first what went, then what came. */
export function unified(rows: readonly Pair[]): { line: DiffLine; marks: Range[] }[] {
  const found: { line: DiffLine; marks: Range[] }[] = [];
  for (let at = 0; at < rows.length; ) {
    const start = at;
    while (at < rows.length && rows[at]?.left !== rows[at]?.right) at++;
    const changed = rows.slice(start, at);
    for (const { left, leftMarks } of changed) if (left) found.push({ line: left, marks: leftMarks });
    for (const { right, rightMarks } of changed) if (right) found.push({ line: right, marks: rightMarks });
    const same = rows[at++];
    if (same?.left) found.push({ line: same.left, marks: [] });
  }
  return found;
}

/** The words of two lines that are not in both, by their longest common subsequence. */
export function changedWords(left: string, right: string): [Range[], Range[]] {
  if (left.length > LONGEST || right.length > LONGEST) return [[], []];
  const a = words(left);
  const b = words(right);
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return [[], []];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const kept: [Set<number>, Set<number>] = [new Set(), new Set()];
  let shared = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) {
      shared += (a[i] ?? "").trim().length;
      kept[0].add(i++);
      kept[1].add(j++);
    } else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  const longer = Math.max(left.trim().length, right.trim().length, 1);
  return shared / longer < ALIKE ? [[], []] : [gaps(a, kept[0]), gaps(b, kept[1])];
}

function words(text: string): string[] {
  return text.match(/\d[\w.]*|\w+|\s+|[^\w\s]/gu) ?? [];
}

function gaps(tokens: readonly string[], kept: ReadonlySet<number>): Range[] {
  const found: [number, number][] = [];
  let at = 0;
  for (const [place, token] of tokens.entries()) {
    const end = at + token.length;
    if (!kept.has(place)) {
      const last = found.at(-1);
      if (last && last[1] === at) last[1] = end;
      else found.push([at, end]);
    }
    at = end;
  }
  return found;
}
