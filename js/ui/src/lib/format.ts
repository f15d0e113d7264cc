// How values, times and sizes read: the same words as nbtrack/base/words.py.
import type { Json, Num } from "../contract";

export const MISSING = "–";

// Kept: `toLocaleString` takes 50 µs to find them each time, and a table has hundreds of numbers.
const WHOLE = new Intl.NumberFormat("en-US");
const ROUNDED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A number of the wire as JavaScript's: "NaN" and "Infinity" travel as words. */
export function toNumber(given: Num | null | undefined): number {
  return given === null || given === undefined ? Number.NaN : Number(given);
}

/** A metric's value in four significant digits; whole numbers whole. */
export function number(given: number): string {
  if (!Number.isFinite(given)) return Number.isNaN(given) ? "nan" : given > 0 ? "inf" : "-inf";
  const size = Math.abs(given);
  if (Number.isInteger(given) && size < 1e15) return WHOLE.format(given);
  if (size >= 1e4 && size < 1e9) return ROUNDED.format(given);
  return general(given, 4);
}

/** As C's %g: significant digits, an exponent where the number is very small or large. */
export function general(given: number, digits: number): string {
  if (given === 0) return "0";
  const [mantissa = "0", power = "0"] = given.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? "-" : "+";
    return `${trim(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return trim(given.toFixed(Math.max(0, digits - 1 - exponent)));
}

function trim(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** How to write the numbers of one column, so that their points stand under one another where that reads well. */
export function columnFormat(values: Iterable<number>): (one: number) => string {
  let small = Number.POSITIVE_INFINITY;
  let large = 0;
  let whole = true;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    const size = Math.abs(value);
    if (size > 0 && size < small) small = size;
    if (size > large) large = size;
    whole &&= Number.isInteger(value);
  }
  if (!Number.isFinite(small) || whole || large >= 1e6 || small < 1e-3) return number;
  const decimals = 3 - Math.floor(Math.log10(small));
  if (decimals > 6) return number;
  const digits = Math.max(1, Math.min(decimals, 5));
  const written = new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return (one) => (Number.isFinite(one) ? written.format(one) : number(one));
}

/** A difference with its sign. */
export function signed(given: number, write: (one: number) => string = number): string {
  if (Number.isNaN(given)) return "nan";
  let text = write(Math.abs(given));
  if (given && !/[1-9a-z]/.test(text)) text = number(Math.abs(given));
  return `${given >= 0 ? "+" : "−"}${text}`;
}

/** The difference relative to the old value; empty where that says nothing. */
export function percent(now: number, before: number): string {
  const part = ((now - before) / Math.abs(before)) * 100;
  if (!Number.isFinite(part)) return "";
  const size = Math.abs(part);
  return `${part >= 0 ? "+" : "−"}${size.toFixed(size >= 100 ? 0 : 1)}%`;
}

/** A param's value as one would type it, on one line, cut. */
export function value(given: Json | undefined, most = 200): string {
  if (given === undefined) return MISSING;
  if (given === null) return "None";
  if (typeof given === "boolean") return given ? "True" : "False";
  if (typeof given === "number") return plainNumber(given);
  if (typeof given === "string") return given.trim() ? oneLine(given, most) : JSON.stringify(given);
  return oneLine(JSON.stringify(given), most);
}

/** A param's number, all of its digits. */
function plainNumber(given: number): string {
  const size = Math.abs(given);
  return size !== 0 && (size < 1e-4 || size >= 1e16)
    ? given.toExponential().replace(/e([+-])(\d)$/, "e$10$2")
    : String(given);
}

export function oneLine(text: string, most = 200): string {
  const flat = text
    .slice(0, 4 * most)
    .split(/\s+/)
    .filter(Boolean)
    .join(" ");
  return flat.length <= most && text.length <= 4 * most ? flat : `${flat.slice(0, most - 1)}…`;
}

const UNITS: readonly (readonly [number, string, number, string])[] = [
  [86400, "d", 3600, "h"],
  [3600, "h", 60, "min"],
  [60, "min", 1, "s"],
];

/** Seconds as people say them: "340 ms", "1.2 s", "3 min 4 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return MISSING;
  if (seconds > 0 && seconds < 0.0005) return "< 1 ms";
  if (seconds < 0.9995) return `${(seconds * 1000).toFixed(0)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  for (const [large, largeWord, small, smallWord] of UNITS) {
    if (seconds < large - small / 2) continue;
    const whole = Math.round(seconds / small);
    const per = Math.round(large / small);
    const rest = whole % per ? ` ${whole % per} ${smallWord}` : "";
    return `${Math.floor(whole / per)} ${largeWord}${rest}`;
  }
  return `${seconds.toFixed(0)} s`;
}

/** How long ago a Unix time was; the date when that is more than a week. */
export function ago(moment: number, now = Date.now() / 1000): string {
  const passed = now - moment;
  if (!Number.isFinite(passed)) return MISSING;
  if (passed < 0 || passed > 7 * 86400) return when(moment, now);
  if (passed < 10) return "just now";
  for (const [seconds, word] of [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ] as const) {
    if (passed >= seconds) return `${Math.floor(passed / seconds)} ${word} ago`;
  }
  return "just now";
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A Unix time in this browser's zone: "21 Nov 10:04", with the year if it is not this year's. */
export function when(moment: number, now = Date.now() / 1000): string {
  const local = new Date(moment * 1000);
  if (Number.isNaN(local.getTime())) return MISSING;
  const year = local.getFullYear() === new Date(now * 1000).getFullYear() ? "" : ` ${local.getFullYear()}`;
  const clock = `${String(local.getHours()).padStart(2, "0")}:${String(local.getMinutes()).padStart(2, "0")}`;
  return `${local.getDate()} ${MONTHS[local.getMonth()]}${year} ${clock}`;
}

/** Bytes as "812 B", "1.2 MB". */
export function size(count: number): string {
  let left = count;
  for (const word of ["B", "kB", "MB", "GB"]) {
    if (left < 999.5)
      return word === "B" || left >= 99.95 ? `${left.toFixed(0)} ${word}` : `${left.toFixed(1)} ${word}`;
    left /= 1000;
  }
  return `${left.toFixed(1)} TB`;
}

/** "1 run", "1,312 runs". */
export function plural(count: number, word: string, many = `${word}s`): string {
  return `${WHOLE.format(count)} ${count === 1 ? word : many}`;
}
