// What changed between two short texts, line by line, where no run is on either side: else Python says it.
import type { DiffLine } from "../../contract";

const AROUND = 3; // lines beside a change
const MOST = 1_000_000; // pairs of lines that are compared; beyond it all that differs is one change

export function lineDiff(before: string, after: string): DiffLine[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const found: DiffLine[] = [];
  const same = (i: number, j: number) => found.push({ kind: "same", text: a[i] ?? "", left: i + 1, right: j + 1 });
  for (let at = 0; at < start; at++) same(at, at);
  for (const [i, j] of steps(a.slice(start, a.length - end), b.slice(start, b.length - end))) {
    if (i !== null && j !== null) same(start + i, start + j);
    else if (i !== null) found.push({ kind: "left", text: a[start + i] ?? "", left: start + i + 1, right: null });
    else if (j !== null) found.push({ kind: "right", text: b[start + j] ?? "", left: null, right: start + j + 1 });
  }
  for (let at = end; at > 0; at--) same(a.length - at, b.length - at);
  return shortened(found);
}

/** The places in both that stay, and those in one that go or come: by the longest common subsequence. */
function steps(a: readonly string[], b: readonly string[]): [number | null, number | null][] {
  if (a.length * b.length > MOST) return [...a.map((_, i) => left(i)), ...b.map((_, j) => right(j))];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const found: [number | null, number | null][] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) found.push([i++, j++]);
    else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) found.push(left(i++));
    else found.push(right(j++));
  }
  return found;
}

const left = (i: number): [number | null, number | null] => [i, null];
const right = (j: number): [number | null, number | null] => [null, j];

/** Without the lines that are far from every change. */
function shortened(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  for (const [at, { kind }] of lines.entries()) {
    if (kind === "same") continue;
    for (let by = -AROUND; by <= AROUND; by++) near.add(at + by);
  }
  const found: DiffLine[] = [];
  for (const [at, line] of lines.entries()) {
    if (near.has(at)) found.push(line);
    else if (near.size && found.at(-1)?.kind !== "gap") found.push({ kind: "gap", text: "", left: null, right: null });
  }
  return found;
}
