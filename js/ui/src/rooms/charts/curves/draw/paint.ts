// Lines on a canvas. A line that has only grown is gone on with where it was left: ten updates a second paint what is new
// and nothing else.
import type { Line } from "../calc/line";
import { arrow, shape } from "./shapes";
import { type Frame, type Marks, toX, toY, trace } from "./trace";

/** What is on the canvas of a line. */
interface Painted {
  epoch: number;
  length: number;
  raw: number;
  /** So much noise that it is stroked one pixel wide. */
  dense: boolean;
  end: Marks["end"];
}

export interface Weight {
  line: number;
  mark: number;
}

/** The more lines, the thinner. */
export function weightOf(lines: number): Weight {
  if (lines <= 12) return { line: 1.5, mark: 3.6 };
  return lines <= 40 ? { line: 1.2, mark: 3 } : { line: 1, mark: 2.4 };
}

const MUCH_INK = 12_000; // pixels of strokes of all lines that any machine paints in a few milliseconds
const FEW = 2000; // points of a chart
const DENSE = 6; // times the width of the plot: longer lines are noise

export class Painter {
  #painted = new Map<string, Painted>();

  /** Paint lines, the last one on top, on a canvas that is empty. */
  all(ctx: CanvasRenderingContext2D, lines: readonly Line[], frame: Frame, weight: Weight): void {
    const pixel = 1 / (globalThis.devicePixelRatio || 1);
    const outlines = lines.map((line) => outline(line, frame, pixel));
    const ink = outlines.reduce((sum, { marks }) => sum + marks.ink, 0);
    clipped(ctx, frame, () => {
      lines.forEach((line, at) => {
        const band = line.band ? bandPath(line, frame) : null;
        behind(ctx, line, band, outlines[at]?.raw ?? null, pixel);
      });
      lines.forEach((line, at) => {
        const { path, marks } = outlines[at] as Outline;
        const dense = ink > MUCH_INK && marks.ink > DENSE * frame.width;
        stroke(ctx, line, path, dense, weight, pixel);
        this.#painted.set(line.id, {
          epoch: line.epoch,
          length: line.length,
          raw: line.raw?.length ?? 0,
          dense,
          end: marks.end,
        });
      });
    });
    lines.forEach((line, at) => {
      const { marks } = outlines[at] as Outline;
      spots(ctx, line, marks, frame, weight);
    });
    const ids = new Set(lines.map((line) => line.id));
    for (const id of this.#painted.keys()) if (!ids.has(id)) this.#painted.delete(id);
  }

  /** Paint what has come to lines that are on the canvas. False: they are others, and all have to be painted. */
  more(ctx: CanvasRenderingContext2D, lines: readonly Line[], frame: Frame, weight: Weight): boolean {
    let points = 0;
    for (const line of lines) {
      const before = this.#painted.get(line.id);
      if (before?.epoch !== line.epoch || line.band) return false;
      points += line.length;
    }
    // Where there are few points each is a dot, until there are more: painting them all is quick.
    if (points < FEW || lines.length !== this.#painted.size) return false;
    const pixel = 1 / (globalThis.devicePixelRatio || 1);
    for (const line of lines) {
      const before = this.#painted.get(line.id) as Painted;
      if (before.length === line.length) continue;
      const from = Math.max(0, before.length - 1);
      const { path, raw, marks } = outline(line, frame, pixel, from, Math.max(0, before.raw - 1));
      clipped(ctx, frame, () => {
        behind(ctx, line, null, raw, pixel);
        stroke(ctx, line, path, before.dense, weight, pixel);
      });
      spots(ctx, line, { ...marks, dots: [] }, frame, weight);
      this.#painted.set(line.id, {
        ...before,
        length: line.length,
        raw: line.raw?.length ?? 0,
        end: marks.end ?? before.end,
      });
    }
    return true;
  }

  /** Paint a line that comes forward: thicker, whole, with nothing else. */
  one(ctx: CanvasRenderingContext2D, line: Line, frame: Frame, weight: Weight): void {
    const pixel = 1 / (globalThis.devicePixelRatio || 1);
    const { path, raw, marks } = outline(line, frame, pixel);
    clipped(ctx, frame, () => {
      behind(ctx, line, line.band ? bandPath(line, frame) : null, raw, pixel);
      stroke(ctx, line, path, marks.ink > DENSE * frame.width, weight, pixel);
    });
    spots(ctx, line, marks, frame, weight);
  }

  /** The signs at the ends of lines. */
  ends(ctx: CanvasRenderingContext2D, lines: readonly Line[], ring: string, radius: number): void {
    ctx.strokeStyle = ring;
    ctx.lineWidth = 2;
    for (const line of lines) {
      const end = this.#painted.get(line.id)?.end;
      if (!end) continue;
      const path = new Path2D();
      corners(path, shape(line.sign.shape, ...end, radius));
      ctx.fillStyle = line.sign.colour;
      ctx.stroke(path);
      ctx.fill(path);
    }
  }
}

interface Outline {
  path: Path2D;
  raw: Path2D | null;
  marks: Marks;
}

function outline(line: Line, frame: Frame, pixel: number, from = 0, rawFrom = from): Outline {
  const path = new Path2D();
  const marks = trace(path, line, line.y, frame, pixel, from);
  const raw = line.raw ? new Path2D() : null;
  if (line.raw && raw) trace(raw, line.raw, line.raw.y, frame, pixel, rawFrom);
  return { path, raw, marks };
}

function clipped(ctx: CanvasRenderingContext2D, frame: Frame, paint: () => void): void {
  ctx.save();
  ctx.lineJoin = "round";
  ctx.beginPath();
  ctx.rect(frame.left - 1, frame.top - 1, frame.width + 2, frame.height + 2);
  ctx.clip();
  paint();
  ctx.restore();
}

/** A group's band, and the line before it was smoothed. */
function behind(
  ctx: CanvasRenderingContext2D,
  line: Line,
  band: Path2D | null,
  raw: Path2D | null,
  pixel: number,
): void {
  ctx.fillStyle = ctx.strokeStyle = line.sign.colour;
  ctx.setLineDash([]);
  ctx.globalAlpha = 0.15;
  if (band) ctx.fill(band);
  ctx.globalAlpha = 0.26;
  ctx.lineWidth = pixel;
  if (raw) ctx.stroke(raw);
  ctx.globalAlpha = 1;
}

/**
 * One device pixel is stroked a hundred times faster than anything wider: dense noise is made of such strokes, side by
 * side. Dashes are not seen in it, and cost as much.
 */
function stroke(
  ctx: CanvasRenderingContext2D,
  { sign }: Line,
  path: Path2D,
  dense: boolean,
  weight: Weight,
  pixel: number,
): void {
  ctx.strokeStyle = sign.colour;
  ctx.setLineDash(dense ? [] : sign.dash.map((one) => one * 0.8));
  ctx.lineWidth = dense ? pixel : weight.line;
  const strokes = dense ? Math.max(1, Math.round(weight.line / pixel - 0.6)) : 1;
  for (let n = 0; n < strokes; n++) {
    const shift = (n - (strokes - 1) / 2) * pixel;
    ctx.translate(shift, 0);
    ctx.stroke(path);
    ctx.translate(-shift, 0);
  }
}

/** Points of their own, and where a value is infinite. */
function spots(ctx: CanvasRenderingContext2D, line: Line, marks: Marks, frame: Frame, weight: Weight): void {
  if (!marks.dots.length && !marks.infinite.length) return;
  const path = new Path2D();
  for (const [x, y] of marks.dots) {
    path.moveTo(x + weight.line + 0.6, y);
    path.arc(x, y, weight.line + 0.6, 0, 2 * Math.PI);
  }
  for (const { x, up } of marks.infinite) corners(path, arrow(x, up ? frame.top : frame.top + frame.height, up));
  ctx.fillStyle = line.sign.colour;
  ctx.fill(path);
}

export function corners(
  path: Pick<Path2D, "moveTo" | "lineTo" | "closePath">,
  points: readonly [number, number][],
): void {
  points.forEach(([x, y], i) => {
    if (i) path.lineTo(x, y);
    else path.moveTo(x, y);
  });
  path.closePath();
}

/** The stretches of a band between its gaps: there along its high edge, back along its low one. */
export function bandStretches(line: Line, frame: Frame): [x: number, y: number][][] {
  if (!line.band) return [];
  const { low, high } = line.band;
  const [placeX, placeY] = [toX(frame), toY(frame)];
  const bounded = (y: number) => Math.max(-1e5, Math.min(1e5, y));
  const found: [number, number][][] = [];
  let there: [number, number][] = [];
  let back: [number, number][] = [];
  const end = () => {
    if (there.length) found.push([...there, ...back.reverse()]);
    there = [];
    back = [];
  };
  for (let i = 0; i < line.length; i++) {
    const x = placeX(line.x[i] as number);
    const [top, bottom] = [placeY(high[i] as number), placeY(low[i] as number)];
    if (Number.isFinite(x + top + bottom)) {
      there.push([x, bounded(top)]);
      back.push([x, bounded(bottom)]);
    } else end();
  }
  end();
  return found;
}

function bandPath(line: Line, frame: Frame): Path2D {
  const path = new Path2D();
  for (const stretch of bandStretches(line, frame)) corners(path, stretch);
  return path;
}
