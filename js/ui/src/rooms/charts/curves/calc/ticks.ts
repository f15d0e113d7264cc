// Where an axis has its ticks and what stands there. Positions are in the axis's own space: log10 where it is a log axis.

export type AxisKind = "number" | "duration" | "time";

export interface Axis {
  kind: AxisKind;
  log: boolean;
}

export interface Ticks {
  at: number[];
  text: string[];
}

/** From a value to where it lies on the axis; NaN for what a log axis has no place for. */
export function onAxis(value: number, axis: Axis): number {
  if (!axis.log) return value;
  return value > 0 ? Math.log10(value) : Number.NaN;
}

export function fromAxis(place: number, axis: Axis): number {
  return axis.log ? 10 ** place : place;
}

/** Pixels that a tick of an x axis needs for what stands there. */
export function apart({ kind }: Axis): number {
  return kind === "time" ? 68 : 50;
}

/** About `most` ticks between two places of the axis. */
export function ticks(axis: Axis, low: number, high: number, most: number): Ticks {
  const count = Math.max(2, Math.floor(most));
  if (!(high > low)) return { at: [low], text: [tickText(axis, fromAxis(low, axis), 0)] };
  if (!Number.isFinite(high - low)) {
    const at = ticks(axis, low / 2, high / 2, count).at.map((one) => 2 * one);
    return { at, text: at.map((one) => tickText(axis, one, 0)) };
  }
  if (axis.log) return logTicks(axis, low, high, count);
  if (axis.kind === "duration") return steps(low, high, durationStep(low, high, count), 0, axis, high);
  if (axis.kind === "time") return timeTicks(low, high, count);
  return steps(low, high, niceStep((high - low) / count), 0, axis, Math.max(Math.abs(low), Math.abs(high)));
}

/** 1, 2 or 5 times a power of ten, not below what was asked. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const times of [1, 2, 5]) if (power * times >= least * 0.999) return power * times;
  return power * 10;
}

function steps(low: number, high: number, step: number, shift: number, axis: Axis, largest: number): Ticks {
  const at: number[] = [];
  const first = Math.ceil((low - shift) / step - 1e-9);
  for (let n = first; n * step + shift <= high + step * 1e-9 && at.length < 100; n++) at.push(clean(n * step + shift));
  return { at, text: at.map((one) => tickText(axis, one, step, largest)) };
}

/** 0.30000000000000004 is 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(14));
}

/** Decades; between them 2 and 5 where there is room; even steps where it is less than a decade. */
function logTicks(axis: Axis, low: number, high: number, count: number): Ticks {
  const span = high - low;
  if (span < 0.7) {
    const plain = { ...axis, log: false };
    const found = ticks(plain, 10 ** low, 10 ** high, count);
    return {
      at: found.at.filter((one) => one > 0).map(Math.log10),
      text: found.text.filter((_, i) => (found.at[i] ?? 0) > 0),
    };
  }
  const every = Math.max(1, Math.ceil(span / count));
  const between = span * 3 <= count ? [1, 2, 5] : span * 2 <= count ? [1, 3] : [1];
  const at: number[] = [];
  for (let decade = Math.floor(low / every) * every; decade <= high; decade += every) {
    for (const times of every === 1 ? between : [1]) {
      const place = decade + Math.log10(times);
      if (place >= low - 1e-9 && place <= high + 1e-9) at.push(place);
    }
  }
  return { at, text: at.map((one) => tickText(axis, clean(10 ** one), 0)) };
}

const UNITS = [
  { seconds: 86400, word: "d", steps: [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500] },
  { seconds: 3600, word: "h", steps: [0.25, 0.5, 1, 2, 3, 6, 12, 24] },
  { seconds: 60, word: "min", steps: [0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 60] },
] as const;

/** The unit in which the longest of an axis reads well: seconds up to two minutes, minutes up to two hours … */
function unitFor(longest: number) {
  return UNITS.find((unit) => longest >= 2 * unit.seconds) ?? null;
}

function durationStep(low: number, high: number, count: number): number {
  const unit = unitFor(Math.max(Math.abs(low), Math.abs(high)));
  const least = (high - low) / count;
  if (!unit) return niceStep(least);
  const found = unit.steps.find((step) => step * unit.seconds >= least * 0.999);
  return found ? found * unit.seconds : niceStep(least / unit.seconds) * unit.seconds;
}

const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600,
  2592000, 7776000, 15552000, 31536000,
];

function timeTicks(low: number, high: number, count: number): Ticks {
  const least = (high - low) / count;
  const step = least < 1 ? niceStep(least) : (TIME_STEPS.find((one) => one >= least) ?? niceStep(least));
  // Counted from local midnight, so that steps of hours and days begin where the reader's day does.
  const shift = step >= 3600 ? new Date(low * 1000).getTimezoneOffset() * 60 : 0;
  const { at } = steps(low, high, step, shift, { kind: "number", log: false }, high);
  let day = "";
  const text = at.map((one) => {
    const date = dayText(one);
    const isNew = date !== day;
    const first = day === "";
    day = date;
    if (step >= 86400) return date;
    const time = clock(one, step);
    return isNew && !first ? date : time;
  });
  return { at, text };
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function dayText(moment: number): string {
  const local = new Date(moment * 1000);
  return `${local.getDate()} ${MONTHS[local.getMonth()]}`;
}

function clock(moment: number, step: number): string {
  const local = new Date(moment * 1000);
  const two = (one: number) => String(one).padStart(2, "0");
  const minutes = `${two(local.getHours())}:${two(local.getMinutes())}`;
  if (step >= 60) return minutes;
  if (step >= 1) return `${minutes}:${two(local.getSeconds())}`;
  const digits = Math.min(6, Math.ceil(-Math.log10(step)));
  return (local.getSeconds() + (moment % 1)).toFixed(digits);
}

/** What stands at a tick. `largest` decides the unit, so that all ticks of an axis have the same. */
export function tickText(axis: Axis, value: number, step: number, largest = Math.abs(value)): string {
  if (axis.kind === "duration") {
    const unit = unitFor(Math.abs(largest));
    if (unit) return `${clean(value / unit.seconds)} ${unit.word}`;
    return Math.abs(largest) < 1 ? `${short(value * 1000, step * 1000)} ms` : `${short(value, step)} s`;
  }
  return short(value, step);
}

const LARGE = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** A number in few characters: 0.25, 12k, 1.5M, 2e-5. */
function short(value: number, step: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e15 || (size < 1e-3 && (step === 0 || step < 1e-3))) return exponent(value, step);
  const large = size >= 1e4 ? LARGE.find(([from]) => size >= from) : undefined;
  const [unit, word] = large ?? [1, ""];
  const digits = step ? Math.max(0, -Math.floor(Math.log10((step / unit) * 1.0001))) : 3;
  const text = (value / unit).toFixed(Math.min(digits, 8));
  return `${step && word === "" ? text : trimmed(text)}${word}`.replace(/^-/, "−");
}

function trimmed(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function exponent(value: number, step: number): string {
  const power = Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  const digits = step ? Math.max(0, Math.min(6, power - Math.floor(Math.log10(step * 1.0001)))) : 2;
  const [mantissa = "0", tens = "0"] = value.toExponential(digits).split("e");
  return `${trimmed(mantissa)}e${Number(tens)}`.replaceAll("-", "−");
}
