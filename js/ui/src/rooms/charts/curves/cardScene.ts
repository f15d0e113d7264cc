// What one card shows: the lines of its runs, or the means of their groups, and the part of the axes that is seen.
import type { Sign } from "../../../lib/palette";
import type { CurveOptions } from "../../../state/view";
import { type Line, meanLine } from "./calc/line";
import { held, padded, type Range, xRange, yRange } from "./calc/range";
import { RunLine } from "./calc/runLine";
import { type Axis, type AxisKind, onAxis } from "./calc/ticks";
import type { Groups } from "./choose";
import type { BandFeed, MeanOf } from "./data/bandFeed";
import type { Feed } from "./data/feed";
import type { Points } from "./data/points";
import type { Scene } from "./draw/chart";

export interface ShownRun {
  id: string;
  name: string;
  started: number;
  running: boolean;
  sign: Sign;
}

export interface CardInput {
  runs: readonly ShownRun[];
  options: CurveOptions;
  /** Pixel columns that are worth asking for. */
  width: number;
  /** Where lines are means of groups. */
  groups: (Groups & { signs: ReadonlyMap<string, Sign> }) | null;
}

interface Axes {
  xAxis: Axis;
  yAxis: Axis;
}

interface Found {
  lines: Line[];
  /** Curves that nothing is known of yet. */
  waiting: number;
}

export interface CardView extends Found {
  scene: Scene;
  /** From the lowest to the highest of what is seen, on the axis. */
  range: Range | null;
}

const FINEST = 8; // times the columns of the whole, in a zoom

export class CardScene {
  readonly #key: string;
  readonly #feed: Feed;
  readonly #bands: BandFeed;
  readonly #lines = new Map<string, RunLine>();
  #axes: Axes | null = null;
  #heldX: Range | null = null;
  #heldY: Range | null = null;

  constructor(key: string, feed: Feed, bands: BandFeed) {
    this.#key = key;
    this.#feed = feed;
    this.#bands = bands;
  }

  /** `zoom`: values of x; `zoomY`: places of the y axis. */
  make(input: CardInput, zoom: Range | null, zoomY: Range | null): CardView {
    const { options, groups } = input;
    const axes = this.#axesOf(options);
    const found = groups ? this.#means(input, groups, axes, zoom) : this.#runs(input, axes, zoom);
    const { lines } = found;
    const window: Range | null = zoom && [onAxis(zoom[0], axes.xAxis), onAxis(zoom[1], axes.xAxis)];
    const live = !groups && input.runs.some((run) => run.running);
    const x = window ?? this.#rangeX(lines, axes.xAxis, live);
    const range = yRange(lines, { window, clip: options.clip });
    const y = zoomY ?? this.#rangeY(range ?? [0, 1], options.clip, axes.yAxis, live);
    this.#axes = axes;
    return { ...found, scene: { lines, ...axes, x, y }, range };
  }

  #axesOf(options: CurveOptions): Axes {
    const kinds: Record<CurveOptions["x"], AxisKind> = {
      step: "number",
      metric: "number",
      relative: "duration",
      time: "time",
    };
    const own = options.own[this.#key];
    return {
      xAxis: { kind: kinds[options.x], log: options.x !== "time" && (own?.logX ?? options.logX) },
      yAxis: { kind: "number", log: own?.logY ?? options.logY },
    };
  }

  /** A little room at the right while runs go on, so that the axis need not move with every point. */
  #rangeX(lines: readonly Line[], axis: Axis, live: boolean): Range {
    const now = xRange(lines) ?? [0, 1];
    const before = this.#axes?.xAxis.log === axis.log && this.#axes.xAxis.kind === axis.kind ? this.#heldX : null;
    if (live && before && held(before, now, 0.05)) return before;
    const span = now[1] - now[0];
    this.#heldX = padded(live && span > 0 ? [now[0], now[1] + 0.025 * span] : now, 0.005, axis.log);
    return this.#heldX;
  }

  #rangeY(now: Range, clip: boolean, axis: Axis, live: boolean): Range {
    const before = this.#axes?.yAxis.log === axis.log ? this.#heldY : null;
    if (live && before && held(before, now, 0.25)) return before;
    this.#heldY = padded(now, clip ? 0.1 : 0.05, axis.log);
    return this.#heldY;
  }

  #runs(input: CardInput, axes: Axes, zoom: Range | null): Found {
    const { runs, options } = input;
    const known = runs.map((run) => ({ run, points: this.#feed.get(run.id, this.#key) }));
    const exact = this.#smoothed(input, known, zoom);
    const lines: Line[] = [];
    const gone = new Set(this.#lines.keys());
    for (const { run, points } of known) {
      if (!points?.length) continue;
      gone.delete(run.id);
      const line = this.#lines.get(run.id) ?? new RunLine(run.id, run.sign);
      this.#lines.set(run.id, line);
      line.label = run.name;
      line.sign = run.sign;
      const how = { x: options.x, ...axes, smoothing: options.smoothing, started: run.started };
      line.update(points, how, points.exact ? null : (exact.get(run.id) ?? null));
      lines.push(line);
    }
    for (const id of gone) this.#lines.delete(id);
    return { lines, waiting: known.filter(({ points }) => !points).length };
  }

  /** What Python smoothed of the curves that are thinned, by run: see calc/runLine.ts. Asks for it. */
  #smoothed(
    { options, width }: CardInput,
    known: readonly { run: ShownRun; points: Points | undefined }[],
    zoom: Range | null,
  ): Map<string, MeanOf> {
    const bands = this.#bands;
    const { x, smoothing } = options;
    const thinned = smoothing && x !== "metric" ? known.filter(({ points }) => points?.length && !points.exact) : [];
    if (!thinned.length || x === "metric") {
      bands.want(this.#key, null, { live: false });
      return new Map();
    }
    const groups = Object.fromEntries(thinned.map(({ run }) => [run.id, [run.id]]));
    const stamp = thinned.map(({ points }) => points?.epoch).join(" ");
    const request = { groups, key: this.#key, x, width: this.#finer(width, zoom), smoothing };
    bands.want(this.#key, request, { live: false, stamp });
    const found = bands.get(this.#key);
    if (found?.request.x !== x || found.request.smoothing !== smoothing) return new Map();
    return new Map(found.bands.map((band) => [band.group, band]));
  }

  #means(
    { options, width }: CardInput,
    groups: NonNullable<CardInput["groups"]>,
    axes: Axes,
    zoom: Range | null,
  ): Found {
    const bands = this.#bands;
    const { x, smoothing } = options;
    if (x === "metric") return { lines: [], waiting: 0 };
    const request = { groups: groups.runs, key: this.#key, x, width: this.#finer(width, zoom), smoothing };
    bands.want(this.#key, request, { live: true });
    const found = bands.get(this.#key);
    const lines = (found?.bands ?? []).flatMap((band) => {
      const sign = groups.signs.get(band.group);
      return sign ? [meanLine(band, sign, axes, found?.version ?? 0)] : [];
    });
    return { lines, waiting: bands.holds(this.#key) ? 0 : 1 };
  }

  /** Bands know of no window: for a zoom the whole is asked for in more columns. */
  #finer(width: number, zoom: Range | null): number {
    if (!zoom || !this.#heldX || !this.#axes) return width;
    const whole = this.#heldX[1] - this.#heldX[0];
    const part = onAxis(zoom[1], this.#axes.xAxis) - onAxis(zoom[0], this.#axes.xAxis);
    const times = 2 ** Math.ceil(Math.log2(Math.max(1, whole / part)));
    return width * Math.min(FINEST, times);
  }
}
