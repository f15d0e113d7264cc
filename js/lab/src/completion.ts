// What stands before the cursor, as far as it is ours to complete. Positions are those of JupyterLab's completer, which
// counts characters as Python does; `start` of an answer counts as JavaScript does.

export interface Words {
  words: string[];
  /** Where in the line the word begins that they replace. */
  start: number;
}

export interface Completed {
  start: number;
  end: number;
  items: { label: string; type: string }[];
}

type Ask = (line: string, signal: AbortSignal) => Promise<Words>;

const LONGEST = 2000; // characters of a line

/** The line up to the cursor if it is one of ours: `%track …` anywhere, `%%track …` where the cell begins. */
export function magicLine(before: string): string | null {
  const at = before.lastIndexOf("\n") + 1;
  const line = before.slice(at);
  if (line.length > LONGEST) return null;
  if (/^\s*%track\s/.test(line)) return line;
  return /^%%track\s/.test(line) && before.slice(0, at).trim() === "" ? line : null;
}

/** Completes; a new question gives up the one before. Whatever goes wrong there is just nothing to offer. */
export class Completion {
  #going: AbortController | null = null;

  constructor(readonly ask: Ask) {}

  async at(text: string, offset: number): Promise<Completed> {
    this.#going?.abort();
    const before = [...text].slice(0, offset).join("");
    const none = { start: offset, end: offset, items: [] };
    const line = magicLine(before);
    if (line === null) return none;
    const going = new AbortController();
    this.#going = going;
    const found = await this.ask(line, going.signal).catch(() => null);
    if (!found || going.signal.aborted) return none;
    const start = offset - [...line.slice(found.start)].length;
    return { start, end: offset, items: found.words.map((label) => ({ label, type: "nbtrack" })) };
  }
}
