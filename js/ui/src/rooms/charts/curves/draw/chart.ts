// A chart on the screen: uPlot for its axes, crosshair and brush, two canvases of our own above it for the lines. uPlot's
// own scales always go from 0 to 1; the axes' places are turned into that here, so that it need not know of logarithms,
// gaps, or runs whose steps go back. The upper canvas has the line that came forward: the lower one is only faded, so
// that pointing at lines costs next to nothing however many there are.
import uPlot from "uplot";
import type { Line } from "../calc/line";
import { distance, nearest } from "../calc/near";
import type { Range } from "../calc/range";
import { type Axis, apart, type Ticks, ticks } from "../calc/ticks";
import { Painter, type Weight, weightOf } from "./paint";
import type { Theme } from "./theme";
import { type Frame, partOf, toX, toY } from "./trace";

export interface Scene {
  lines: readonly Line[];
  xAxis: Axis;
  yAxis: Axis;
  x: Range;
  y: Range;
}

export interface ChartEvents {
  /** The pointer is at this place of the x axis, at these pixels of the plot; null: it has left. */
  onPoint(place: { x: number; left: number; top: number } | null): void;
  /** A part was brushed: places of the axis. */
  onBrush(direction: "x" | "y", range: Range): void;
  onReset(): void;
  onClick(event: MouseEvent, left: number, top: number): void;
}

const AIR = 8; // pixels by which the canvases reach beyond the plot, for signs at its edge
export const CLOSE = 12; // pixels from which a line is clicked
const REACH = 28; // pixels from which a line is pointed at
const FADED = 0.25;
const LEAST = 6; // pixels of a brush

export class Chart {
  readonly #host: HTMLElement;
  readonly #events: ChartEvents;
  readonly #plot: uPlot;
  readonly #painter = new Painter();
  readonly #lower = document.createElement("canvas");
  readonly #upper = document.createElement("canvas");
  #theme: Theme;
  #scene: Scene;
  #forward: string | null = null;
  #place: number | null = null; // of the crosshair, on the x axis
  #layout = "";

  constructor(host: HTMLElement, theme: Theme, scene: Scene, events: ChartEvents) {
    this.#host = host;
    this.#theme = theme;
    this.#scene = scene;
    this.#events = events;
    this.#plot = new uPlot(this.#options(), [[0, 1]], host);
    for (const canvas of [this.#lower, this.#upper]) {
      canvas.className = "nbt-curve-lines";
      this.#plot.over.prepend(canvas);
    }
    this.#plot.over.insertBefore(this.#lower, this.#upper);
    this.#plot.over.addEventListener("mouseleave", () => events.onPoint(null));
    // uPlot lets no click through that was the end of a brush.
    this.#plot.over.addEventListener("click", (event) => {
      const { left = -1, top = -1 } = this.#plot.cursor;
      if (left >= 0) events.onClick(event, left, top);
    });
  }

  /** Show other lines or another part of the axes. */
  show(scene: Scene): void {
    this.#scene = scene;
    const layout = JSON.stringify([scene.x, scene.y, scene.xAxis, scene.yAxis]);
    if (layout !== this.#layout) this.#plot.redraw(false, true);
    else if (!this.#paintMore()) this.#paint();
    this.#layout = layout;
  }

  /** Bring a line forward; null: none. */
  bring(id: string | null): void {
    if (id === this.#forward) return;
    this.#forward = id;
    this.#paintUpper();
  }

  /** Move the crosshair to a place of the x axis; null: none. */
  point(x: number | null, own: boolean): void {
    this.#place = x;
    if (!own) {
      const left = x === null ? -10 : toX(this.frame)(x);
      const seen = left >= 0 && left <= this.frame.width;
      this.#plot.setCursor({ left: seen ? left : -10, top: seen ? 0 : -10 }, false);
    }
    this.#paintUpper();
  }

  theme(theme: Theme): void {
    this.#theme = theme;
    this.#plot.redraw(false, true);
  }

  /** Fit to the room there is. */
  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width && height && (width !== this.#plot.width || height !== this.#plot.height)) {
      this.#plot.setSize({ width, height });
    }
  }

  destroy(): void {
    this.#plot.destroy();
  }

  get frame(): Frame {
    const { x, y } = this.#scene;
    const { width, height } = this.#plot.bbox;
    return { x, y, left: 0, top: 0, width: width / uPlot.pxRatio, height: height / uPlot.pxRatio };
  }

  get over(): HTMLElement {
    return this.#plot.over;
  }

  /** Where the plot stands in the window. */
  get box(): DOMRect {
    return this.#plot.over.getBoundingClientRect();
  }

  /** The line at these pixels of the plot. */
  lineAt(left: number, top: number, reach = REACH): Line | null {
    const [placeX, placeY] = [toX(this.frame), toY(this.frame)];
    let best = reach;
    let found: Line | null = null;
    for (const line of this.#scene.lines) {
      const away = distance(line, placeX, placeY, [left, top], best);
      if (away < best) {
        best = away;
        found = line;
      }
    }
    return found;
  }

  // -- painting

  get #weight(): Weight {
    return weightOf(this.#scene.lines.length);
  }

  #paint(): void {
    const ctx = this.#cleared(this.#lower, this.frame);
    if (ctx) this.#painter.all(ctx, this.#scene.lines, this.frame, this.#weight);
    this.#paintUpper();
  }

  #paintMore(): boolean {
    const ctx = this.#lower.getContext("2d");
    if (!ctx || !this.#painter.more(ctx, this.#scene.lines, this.frame, this.#weight)) return false;
    this.#paintUpper();
    return true;
  }

  #paintUpper(): void {
    const { frame } = this;
    const { lines } = this.#scene;
    const forward = lines.find((line) => line.id === this.#forward);
    this.#lower.style.opacity = forward ? String(FADED) : "";
    const ctx = this.#cleared(this.#upper, frame);
    if (!ctx) return;
    const { line, mark } = this.#weight;
    const ring = this.#theme.background;
    ctx.globalAlpha = forward ? FADED : 1;
    this.#painter.ends(ctx, lines, ring, mark);
    ctx.globalAlpha = 1;
    if (forward) {
      this.#painter.one(ctx, forward, frame, { line: line + 1, mark });
      this.#painter.ends(ctx, [forward], ring, mark + 1);
    }
    if (this.#place !== null) this.#dots(ctx, forward ? [forward] : lines.length <= 12 ? lines : []);
  }

  #cleared(canvas: HTMLCanvasElement, frame: Frame): CanvasRenderingContext2D | null {
    const ratio = uPlot.pxRatio;
    const width = Math.round((frame.width + 2 * AIR) * ratio);
    const height = Math.round((frame.height + 2 * AIR) * ratio);
    const ctx = canvas.getContext("2d");
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      Object.assign(canvas.style, { width: `${width / ratio}px`, height: `${height / ratio}px` });
    }
    if (!ctx) return null;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, width, height);
    ctx.setTransform(ratio, 0, 0, ratio, AIR * ratio, AIR * ratio);
    return ctx;
  }

  /** The points at the crosshair. */
  #dots(ctx: CanvasRenderingContext2D, lines: readonly Line[]): void {
    if (this.#place === null) return;
    const { frame } = this;
    const [placeX, placeY] = [toX(frame), toY(frame)];
    const reach = (REACH / frame.width) * (frame.x[1] - frame.x[0]);
    for (const line of lines) {
      const at = nearest(line, this.#place, reach);
      if (at === null) continue;
      const [x, y] = [placeX(line.x[at] as number), placeY(line.y[at] as number)];
      if (!(x >= -1 && x <= frame.width + 1 && y >= -1 && y <= frame.height + 1)) continue;
      ctx.beginPath();
      ctx.arc(x, y, 3.2, 0, 2 * Math.PI);
      ctx.fillStyle = line.sign.colour;
      ctx.strokeStyle = this.#theme.background;
      ctx.lineWidth = 1.5;
      ctx.fill();
      ctx.stroke();
    }
  }

  // -- uPlot

  #ticks(direction: "x" | "y"): Ticks {
    const { x, y, xAxis, yAxis } = this.#scene;
    const { width, height } = this.frame;
    // Before its first layout the plot has no size: what it will have is near enough.
    const across = width || this.#plot.width - 60;
    const down = height || this.#plot.height - 30;
    return direction === "x" ? ticks(xAxis, ...x, across / apart(xAxis)) : ticks(yAxis, ...y, down / 34);
  }

  #axis(direction: "x" | "y"): uPlot.Axis {
    let found: Ticks = { at: [], text: [] };
    const splits = () => {
      found = this.#ticks(direction);
      return found.at.map(partOf(this.#scene[direction]));
    };
    const size = (_: uPlot, values: string[] | null) =>
      direction === "x" ? 24 : 14 + 6.4 * Math.max(2, ...(values ?? []).map((one) => one.length));
    return {
      scale: direction,
      font: `11px ${this.#theme.font}`,
      stroke: () => this.#theme.dim,
      grid: { stroke: () => this.#theme.grid, width: 1, show: direction === "y" },
      ticks: { stroke: () => this.#theme.edge, width: 1, size: 4, show: direction === "x" },
      border: { show: direction === "x", stroke: () => this.#theme.edge, width: 1 },
      gap: direction === "x" ? 4 : 6,
      splits,
      values: () => found.text,
      size,
    };
  }

  #options(): uPlot.Options {
    const fixed = { auto: false, min: 0, max: 1, range: (): [number, number] => [0, 1] };
    return {
      width: Math.max(50, this.#host.clientWidth),
      height: Math.max(50, this.#host.clientHeight),
      legend: { show: false },
      padding: [8, 18, 0, 0],
      series: [{}],
      scales: { x: { ...fixed, time: false }, y: fixed },
      axes: [this.#axis("x"), this.#axis("y")],
      cursor: this.#cursor(),
      hooks: {
        draw: [() => this.#paint()],
        setCursor: [(plot) => this.#pointed(plot)],
        setSelect: [(plot) => this.#brushed(plot)],
      },
    };
  }

  #cursor(): uPlot.Cursor {
    const { onReset } = this.#events;
    return {
      x: true,
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: LEAST },
      bind: {
        mousedown: (plot, _, handler) => (event) => {
          if (plot.cursor.drag) Object.assign(plot.cursor.drag, { x: !event.shiftKey, y: event.shiftKey });
          handler(event);
          return null;
        },
        dblclick: () => () => {
          onReset();
          return null;
        },
      },
    };
  }

  #pointed(plot: uPlot): void {
    const { left = -10, top = -10 } = plot.cursor;
    if (left < 0) return;
    const { x, width } = this.frame;
    this.#events.onPoint({ x: x[0] + (left / width) * (x[1] - x[0]), left, top });
  }

  #brushed(plot: uPlot): void {
    const { left, top, width, height } = plot.select;
    const { frame } = this;
    const across = width >= LEAST && height >= frame.height - 1;
    const down = height >= LEAST && width >= frame.width - 1;
    if (!across && !down) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const place = (range: readonly [number, number], part: number) => range[0] + part * (range[1] - range[0]);
    if (plot.cursor.drag?.y) {
      const bottom = place(frame.y, 1 - (top + height) / frame.height);
      this.#events.onBrush("y", [bottom, place(frame.y, 1 - top / frame.height)]);
    } else
      this.#events.onBrush("x", [place(frame.x, left / frame.width), place(frame.x, (left + width) / frame.width)]);
  }
}
