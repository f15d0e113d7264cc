// Python source as lines of coloured pieces. highlight.js finds the words; its HTML is never used: an emitter of our own
// takes the pieces, and React makes text of them, so that nothing in the source can become markup.
import type { Emitter } from "highlight.js";
import hljs from "highlight.js/lib/core";
import python from "highlight.js/lib/languages/python";

/** A stretch of one line. look: the end of its class name, "" for plain; mark: it changed. */
export interface Piece {
  text: string;
  look: string;
  mark?: boolean;
}
export type Line = Piece[];

const MOST = 200_000; // characters that are coloured
const MAGIC = /^[ \t]*(?:%%?[A-Za-z]|!)/;
const LOOKS: Record<string, string> = {
  keyword: "keyword",
  literal: "keyword",
  "variable.language": "keyword",
  built_in: "builtin",
  type: "builtin",
  string: "string",
  number: "number",
  comment: "comment",
  meta: "meta",
  "title.function": "name",
  "title.class": "name",
  title: "name",
};

class Lines implements Emitter {
  readonly lines: Line[] = [[]];
  readonly #looks: string[] = [];

  addText(text: string): void {
    const look = this.#looks.at(-1) ?? "";
    for (const [place, part] of text.split("\n").entries()) {
      if (place) this.lines.push([]);
      if (part) this.lines.at(-1)?.push({ text: part, look });
    }
  }
  startScope(scope: string): void {
    this.#looks.push(LOOKS[scope] ?? LOOKS[scope.split(".")[0] ?? ""] ?? "");
  }
  endScope(): void {
    this.#looks.pop();
  }
  // The same two under the names that the core calls for modes of a grammar.
  openNode(scope: string): void {
    this.startScope(scope);
  }
  closeNode(): void {
    this.endScope();
  }
  __addSublanguage(): void {}
  finalize(): void {}
  toHTML(): string {
    return "";
  }
}

hljs.registerLanguage("python", python);
hljs.configure({ __emitter: Lines });

/** The lines of a text without colours. */
export function plainLines(text: string): Line[] {
  return text.split("\n").map((line) => (line ? [{ text: line, look: "" }] : []));
}

/** The lines of Python source, coloured; lines that are for IPython (`%%track`, `!ls`) as such. */
export function pythonLines(source: string): Line[] {
  const text = source.replaceAll("\r\n", "\n");
  if (text.length > MOST) return plainLines(text);
  const raw = text.split("\n");
  // A quote in a magic's options would begin a string that never ends.
  const ours = raw.map((line) => MAGIC.test(line));
  const python = raw.map((line, at) => (ours[at] ? "" : line)).join("\n");
  const { _emitter, errorRaised } = hljs.highlight(python, { language: "python", ignoreIllegals: true });
  if (errorRaised) return plainLines(text);
  const { lines } = _emitter as Lines;
  return raw.map((line, at) => (ours[at] ? [{ text: line, look: "meta" }] : (lines[at] ?? [])));
}

/** A line with the characters of some ranges marked. */
export function marked(line: Line, ranges: readonly (readonly [from: number, to: number])[]): Line {
  if (!ranges.length) return line;
  const cuts = [...new Set(ranges.flat())].sort((a, b) => a - b);
  const found: Line = [];
  let at = 0;
  for (const piece of line) {
    const end = at + piece.text.length;
    const stops = [...cuts.filter((cut) => cut > at && cut < end), end];
    for (const stop of stops) {
      const from = at;
      const mark = ranges.some(([low, high]) => from >= low && from < high);
      found.push({
        text: piece.text.slice(at - end + piece.text.length, stop - end + piece.text.length),
        look: piece.look,
        mark,
      });
      at = stop;
    }
  }
  return found;
}
