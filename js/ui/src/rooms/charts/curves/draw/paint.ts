// Lines on a canvas. Outlines are kept until a line or the part of the axes that is seen is another one, so that a line
// that comes forward costs one stroke.
import type { Line } from "../calc/line";
import { arrow, shape } from "./shapes";
import { type Frame, type Marks, toX, toY, trace } from "./trace";

interface Kept {
  key: string;
  path: Path2D;
  raw: Path2D | null;
  band: Path2D | null;
  marks: Marks;
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
const DENSE = 6; // times the width of the plot: longer lines are noise

function sideBySide(ctx: CanvasRenderingContext2D, path: Path2D, width: number, pixel: number): void {
  const strokes = Math.max(1, Math.round(width / pixel - 0.6));
  for (let n = 0; n < strokes; n++) {
    const shift = (n - (strokes - 1) / 2) * pixel;
    ctx.translate(shift, 0);
    ctx.stroke(path);
    ctx.translate(-shift, 0);
  }
}

export class Painter {
  #kept = new Map<string, Kept>();

  /** Paint lines, the last one on top. */
  paint(ctx: CanvasRenderingContext2D, lines: readonly Line[], frame: Frame, ring: string, weight: Weight): void {
    ctx.lineJoin = "round";
    ctx.save();
    const clip = new Path2D();
    clip.rect(frame.left - 1, frame.top - 1, frame.width + 2, frame.height + 2);
    ctx.clip(clip);
    const outlines = lines.map((line) => this.#outline(line, frame));
    const pixel = 1 / (globalThis.devicePixelRatio || 1);
    lines.forEach(({ sign }, at) => {
      const { band, raw } = outlines[at] as Kept;
      ctx.fillStyle = ctx.strokeStyle = sign.colour;
      ctx.globalAlpha = 0.15;
      if (band) ctx.fill(band);
      ctx.globalAlpha = 0.26;
      ctx.lineWidth = pixel;
      if (raw) ctx.stroke(raw);
    });
    ctx.globalAlpha = 1;
    const ink = outlines.reduce((sum, { marks }) => sum + marks.ink, 0);
    lines.forEach(({ sign }, at) => {
      const { path, marks } = outlines[at] as Kept;
      ctx.strokeStyle = sign.colour;
      if (ink > MUCH_INK && marks.ink > DENSE * frame.width) {
        // One device pixel is stroked a hundred times faster than anything wider: noise is made of such strokes, side by
        // side. Dashes are not seen in it, and cost as much.
        ctx.setLineDash([]);
        ctx.lineWidth = pixel;
        sideBySide(ctx, path, weight.line, pixel);
      } else {
        ctx.setLineDash(sign.dash.map((one) => one * 0.8));
        ctx.lineWidth = weight.line;
        ctx.stroke(path);
      }
    });
    ctx.restore();
    ctx.setLineDash([]);
    for (const line of lines) this.#marks(ctx, line, frame, ring, weight);
  }

  #marks(ctx: CanvasRenderingContext2D, line: Line, frame: Frame, ring: string, weight: Weight): void {
    const { marks } = this.#outline(line, frame);
    const path = new Path2D();
    for (const [x, y] of marks.dots) {
      path.moveTo(x + weight.line + 0.6, y);
      path.arc(x, y, weight.line + 0.6, 0, 2 * Math.PI);
    }
    for (const { x, up } of marks.infinite) corners(path, arrow(x, up ? frame.top : frame.top + frame.height, up));
    ctx.fillStyle = line.sign.colour;
    ctx.fill(path);
    if (!marks.end) return;
    const end = new Path2D();
    corners(end, shape(line.sign.shape, ...marks.end, weight.mark));
    ctx.strokeStyle = ring;
    ctx.lineWidth = 2;
    ctx.stroke(end);
    ctx.fill(end);
  }

  #outline(line: Line, frame: Frame): Kept {
    const key = `${line.version} ${line.band ? 1 : 0} ${frame.x} ${frame.y} ${frame.width} ${frame.height}`;
    const before = this.#kept.get(line.id);
    if (before?.key === key) return before;
    const column = 1 / (globalThis.devicePixelRatio || 1);
    const path = new Path2D();
    const marks = trace(path, line, line.y, frame, column);
    const raw = line.raw ? new Path2D() : null;
    if (line.raw && raw) trace(raw, line, line.raw, frame, column);
    const kept = { key, path, raw, band: line.band ? bandPath(line, frame) : null, marks };
    this.#kept.set(line.id, kept);
    return kept;
  }

  /** Forget lines that are gone. */
  keep(ids: ReadonlySet<string>): void {
    for (const id of this.#kept.keys()) if (!ids.has(id)) this.#kept.delete(id);
  }
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
