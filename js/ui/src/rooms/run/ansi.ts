// The colours of a terminal (SGR, ECMA-48 8.3.117) as pieces of text; every other escape shows nothing. What a cell
// prints is stored without colours; log files and runs from elsewhere have them.
export interface Ink {
  text: string;
  /** Class names. */
  look: string;
  /** For colours beyond the sixteen named ones: made of numbers only. */
  color?: string;
  background?: string;
}

// Written as texts: an escape begins with a control character, which a regular expression is not trusted with.
const ESC = "\\u001b";
const ESCAPE = new RegExp(
  [
    `${ESC}\\[([0-9;:]*)m`, // colours
    `${ESC}\\[[0-?]*[ -/]*[@-~]`, // cursor, erase
    `${ESC}[\\]PX^_][^\\u0007${ESC}]{0,4096}(?:\\u0007|${ESC}\\\\)`, // titles, links
    `${ESC}[ -/]*[0-Z\\\\\`-~]`,
  ].join("|"),
  "g",
);
const INVISIBLE = /(?![\t\n])\p{Cc}/gu;
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const STYLES: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 9: "strike" };
const ENDS: Record<number, string[]> = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 29: ["strike"] };

interface Pen {
  styles: Set<string>;
  fore: string;
  back: string;
}

export function ansi(text: string): Ink[] {
  if (!text.includes("\x1b")) return [{ text: text.replace(INVISIBLE, ""), look: "" }];
  const pen: Pen = { styles: new Set(), fore: "", back: "" };
  const found: Ink[] = [];
  let at = 0;
  const put = (end: number) => {
    const part = text.slice(at, end).replace(INVISIBLE, "");
    if (part) found.push(ink(part, pen));
  };
  for (const one of text.matchAll(ESCAPE)) {
    put(one.index);
    at = one.index + one[0].length;
    if (one[1] !== undefined) obey(pen, one[1]);
  }
  put(text.length);
  return found;
}

function ink(text: string, { styles, fore, back }: Pen): Ink {
  const looks = [...styles].map((style) => `nbt-ansi-${style}`);
  const found: Ink = { text, look: "" };
  if (fore.startsWith("rgb")) found.color = fore;
  else if (fore) looks.push(`nbt-ansi-${fore}`);
  if (back.startsWith("rgb")) found.background = back;
  else if (back) looks.push(`nbt-ansi-on-${back}`);
  found.look = looks.join(" ");
  return found;
}

function obey(pen: Pen, codes: string): void {
  const numbers = codes.split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] ?? 0;
    if (code === 0) {
      pen.styles.clear();
      pen.fore = pen.back = "";
    } else if (code === 38 || code === 48) {
      const [color, used] = extended(numbers.slice(at + 1));
      pen[code === 38 ? "fore" : "back"] = color;
      at += used;
    } else if (STYLES[code]) pen.styles.add(STYLES[code]);
    else if (ENDS[code]) for (const style of ENDS[code]) pen.styles.delete(style);
    else if (code === 39) pen.fore = "";
    else if (code === 49) pen.back = "";
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) pen.fore = NAMES[code % 10] ?? "";
    else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) pen.back = NAMES[code % 10] ?? "";
  }
}

/** "5;n" of 256 colours, or "2;r;g;b"; and how many numbers that took. */
function extended(rest: readonly number[]): [color: string, used: number] {
  const byte = (given: number | undefined) => Math.max(0, Math.min(255, Math.trunc(given || 0)));
  if (rest[0] === 2) return [`rgb(${byte(rest[1])}, ${byte(rest[2])}, ${byte(rest[3])})`, 4];
  if (rest[0] !== 5) return ["", 0];
  const n = byte(rest[1]);
  if (n < 16) return [NAMES[n % 8] ?? "", 2];
  if (n >= 232)
    return [
      `rgb(${Array(3)
        .fill(8 + (n - 232) * 10)
        .join(", ")})`,
      2,
    ];
  const level = (part: number) => (part ? 55 + part * 40 : 0);
  const cube = n - 16;
  return [`rgb(${[Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map(level).join(", ")})`, 2];
}
