// A line as strokes, in the order it was logged: to a canvas' path and to SVG alike. Where several points fall into one
// pixel column, their first, lowest, highest and last are what is seen of them (M4), and all that is stroked.

export interface Sink {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** The part of the axes that is seen, and the pixels it is seen on. */
export interface Frame {
  x: readonly [number, number];
  y: readonly [number, number];
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Marks {
  /** Points with no line to them, and all points where there are few. */
  dots: [x: number, y: number][];
  /** Where a value is infinite. */
  infinite: { x: number; up: boolean }[];
  /** The last finite point, if it is seen. */
  end: [x: number, y: number] | null;
  /** Pixels that the strokes are long, roughly: what they cost. */
  ink: number;
}

/** Where a place lies in a range, from 0 to 1. The span of two huge numbers may be more than there are: by halves then. */
export function partOf([low, high]: readonly [number, number]): (place: number) => number {
  const span = high - low;
  if (Number.isFinite(span)) return (place) => (place - low) / span;
  const half = high / 2 - low / 2;
  return (place) => (place / 2 - low / 2) / half;
}

export function toX({ x, left, width }: Frame): (place: number) => number {
  const part = partOf(x);
  return (place) => left + part(place) * width;
}

export function toY({ y, top, height }: Frame): (place: number) => number {
  const part = partOf(y);
  return (place) => top + height - part(place) * height;
}

const FAR = 1e6; // pixels: further out a stroke looks the same
const APART = 14; // pixels between points that are worth a dot each

export function trace(
  sink: Sink,
  line: { x: Float64Array; length: number },
  ys: Float64Array,
  frame: Frame,
  column = 1,
  from = 0,
): Marks {
  const { x: xs, length } = line;
  const placeX = toX(frame);
  const placeY = toY(frame);
  const pen = new Pen(sink, frame, column);
  const infinite: Marks["infinite"] = [];
  const right = frame.left + frame.width;
  let end: Marks["end"] = null;
  for (let i = from; i < length; i++) {
    const x = placeX(xs[i] as number);
    const value = ys[i] as number;
    if (Number.isFinite(x) && Number.isFinite(value)) {
      const y = Math.max(-FAR, Math.min(FAR, placeY(value)));
      pen.to(x, y);
      end = [x, y];
      continue;
    }
    pen.up();
    if (Number.isNaN(value) || !(x >= frame.left && x <= right)) continue;
    infinite.push({ x, up: value > 0 });
  }
  pen.up();
  if (end && !pen.sees(end[0], end[1])) end = null;
  return { dots: pen.dots(), infinite, end, ink: pen.ink };
}

class Pen {
  readonly #sink: Sink;
  readonly #frame: Frame;
  readonly #column: number;
  ink = 0;
  readonly #lone: [number, number][] = [];
  #few: [number, number][] | null = [];
  #count = 0; // points since the pen was put down
  #side = 0; // of the point before: left of the frame, inside, right of it
  #x = 0;
  #y = 0;
  #drawn = false; // the point before is on the path
  #at = Number.NaN; // the present column
  #low = 0;
  #high = 0;
  #several = false;

  constructor(sink: Sink, frame: Frame, column: number) {
    this.#sink = sink;
    this.#frame = frame;
    this.#column = column;
  }

  sees(x: number, y: number): boolean {
    const { left, top, width, height } = this.#frame;
    return x >= left - 0.5 && x <= left + width + 0.5 && y >= top - 0.5 && y <= top + height + 0.5;
  }

  to(x: number, y: number): void {
    const { left, width } = this.#frame;
    const side = x < left ? -1 : x > left + width ? 1 : 0;
    if (side === 0 && this.#few && this.sees(x, y)) {
      this.#few.push([x, y]);
      if (this.#few.length * APART > width) this.#few = null;
    }
    const column = Math.floor(x / this.#column);
    if (this.#count && column === this.#at && this.#drawn) {
      this.#low = Math.min(this.#low, y);
      this.#high = Math.max(this.#high, y);
      this.#several = true;
    } else {
      this.#flush();
      // Strokes that run on one side of the frame are not seen; the last of them leads into it.
      const hidden = side !== 0 && (!this.#count || side === this.#side);
      if (hidden) this.#drawn = false;
      else {
        if (this.#count && !this.#drawn) this.#sink.moveTo(this.#x, this.#y);
        if (this.#count) this.#lineTo(x, y);
        else this.#sink.moveTo(x, y);
        this.#drawn = true;
      }
      this.#at = column;
      this.#low = this.#high = y;
    }
    this.#count++;
    this.#side = side;
    this.#x = x;
    this.#y = y;
  }

  #flush(): void {
    if (!this.#several) return;
    this.#several = false;
    const [low, high] = [this.#low, this.#high];
    const { height } = this.#frame;
    this.ink += 2 * (Math.min(high, height) - Math.max(low, 0));
    if (low !== this.#y) this.#sink.lineTo(this.#x, low);
    if (high !== this.#y) this.#sink.lineTo(this.#x, high);
    this.#sink.lineTo(this.#x, this.#y);
  }

  #lineTo(x: number, y: number): void {
    const { height } = this.#frame;
    this.ink += Math.abs(x - this.#x) + Math.min(height, Math.abs(y - this.#y));
    this.#sink.lineTo(x, y);
  }

  up(): void {
    this.#flush();
    if (this.#count === 1 && this.sees(this.#x, this.#y)) this.#lone.push([this.#x, this.#y]);
    this.#count = 0;
    this.#drawn = false;
    this.#at = Number.NaN;
  }

  /** All points where they stand well apart, so that lines of one rhythm look alike however long they are; else lone ones. */
  dots(): [number, number][] {
    if (!this.#few) return this.#lone;
    const xs = this.#few.map(([x]) => x);
    const apart = (Math.max(...xs) - Math.min(...xs)) / (xs.length - 1);
    return xs.length < 2 || apart >= APART ? this.#few : this.#lone;
  }
}
