// The `%%track` line of a cell's text.

/** Blank lines may stand before it, as IPython has it. */
const LINE = /^(?:[ \t]*\r?\n)*(%%track(?:[ \t][^\r\n]*)?)(?:\r?\n|$)/;

export const isTracked = (source: string): boolean => LINE.test(source);

/** What is to stand instead of the characters from `start` to `end`. */
export interface Change {
  start: number;
  end: number;
  text: string;
}

/** How the line comes into the text or out of it. line: the one to put in, with its options. */
export function trackChange(source: string, on: boolean, line = "%%track"): Change | null {
  const found = LINE.exec(source);
  if (on === (found !== null)) return null;
  if (!found) return { start: 0, end: 0, text: `${line}\n` };
  return { start: 0, end: found[0].length, text: "" };
}

/** The line as it stands there, to be put in again. */
export const trackLine = (source: string): string | null => LINE.exec(source)?.[1]?.trimEnd() ?? null;

/** Whether the text is for one of the magics: it would fail where they were not loaded. */
export const needsMagics = (source: string): boolean => isTracked(source) || /^[ \t]*%track(?!\w)/m.test(source);

/** The code of a run as it is put into its cell: a `%%track` line that it was kept without stays in the cell. */
export function codeFor(code: string, now: string): string {
  const line = trackLine(now);
  return line && !isTracked(code) ? `${line}\n${code}` : code;
}
