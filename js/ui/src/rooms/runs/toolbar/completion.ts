// Which word of a filter is being typed and how a completion takes its place. Python counts characters where JavaScript
// counts UTF-16 units: positions are turned at this border.

/** The same as what nbtrack/runs/store/complete.py takes for an unfinished word. */
const WORD = /[\p{L}\p{N}_./:#'"`-]/u;

/** A place in a text as Python counts it. */
export function toPoints(text: string, unit: number): number {
  return [...text.slice(0, unit)].length;
}

/** A place that Python gave as JavaScript counts it; at most the end. */
export function toUnits(text: string, point: number): number {
  return [...text].slice(0, Math.max(0, point)).join("").length;
}

/** The word that the caret is in or at the end of, as [start, end). */
export function wordAt(text: string, caret: number): [number, number] {
  const before = [...text.slice(0, caret)];
  const after = [...text.slice(caret)];
  let start = caret;
  for (const char of before.reverse()) {
    if (!WORD.test(char)) break;
    start -= char.length;
  }
  let end = caret;
  for (const char of after) {
    if (!WORD.test(char)) break;
    end += char.length;
  }
  return [start, end];
}

export interface Typed {
  text: string;
  caret: number;
}

/** The text with a completion in place of the word at the caret, and room to type on. */
export function take(text: string, caret: number, word: string): Typed {
  const [start, end] = wordAt(text, caret);
  const opened = word === "in" || word === "not in" ? `${word} (` : word;
  const rest = text.slice(end);
  const space = opened.endsWith("(") || /^[\s),]/.test(rest) ? "" : " ";
  const head = text.slice(0, start) + opened + space;
  return { text: head + rest, caret: head.length };
}

/** What is worth offering: nothing where the only offer is what stands there already. */
export function offers(words: readonly string[], typed: string): string[] {
  const known = typed.toLowerCase();
  return words.length === 1 && words[0]?.toLowerCase() === known ? [] : [...words];
}

/** Of the words offered for the beginning of a word, those that still fit when more of it stands there. */
export function narrowed(words: readonly string[], typed: string): string[] {
  const known = typed.toLowerCase();
  const fitting = words.filter((word) => known && word.toLowerCase().startsWith(known));
  return offers(fitting, typed);
}

const LONE =
  /^[\s(]*(?:not\s+)?(?:(?:params?|metrics?|tags?)\.\S*|status|started|ended|duration|experiment|notebook)\s*$/i;

/** A field without an operator, which one is about to type. As words to search for it would find nothing. */
export function isBegun(text: string): boolean {
  return LONE.test(text);
}

export interface Pointed {
  message: string;
  /** The text around the mistake, and where in it: before, the piece, after. */
  excerpt: [before: string, piece: string, after: string] | null;
}

const AROUND = 32;

/** An error of the filter for people: Python's message draws a caret under the text, which only fits a terminal. */
export function pointed(message: string, text: string, column: number | null): Pointed {
  const plain = message.split("\n  ")[0]?.trim() ?? message;
  if (column === null || !text.trim()) return { message: plain, excerpt: null };
  const at = Math.min(toUnits(text, column), text.length);
  const [, end] = wordAt(text, at);
  const piece = text.slice(at, Math.max(end, at + 1));
  const before = text.slice(0, at);
  const after = text.slice(at + piece.length);
  return {
    message: plain,
    excerpt: [
      before.length > AROUND ? `…${before.slice(-AROUND)}` : before,
      piece.length > 60 ? `${piece.slice(0, 60)}…` : piece,
      after.length > AROUND ? `${after.slice(0, AROUND)}…` : after,
    ],
  };
}
