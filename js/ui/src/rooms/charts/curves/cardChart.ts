// What one card draws: takes the points of its runs from the feed, places them, and keeps a chart on the screen up with
// them. No React here: ten updates a second pass it by.
import type { Sign } from "../../../lib/palette";
import type { CurveOptions, ViewStore } from "../../../state/view";
import { type Line, meanLine, RunLine } from "./calc/line";
import { cut, type Row, rowsAt } from "./calc/near";
import { held, padded, type Range, xRange, yRange } from "./calc/range";
import { type Axis, type AxisKind, fromAxis, onAxis } from "./calc/ticks";
import type { BandFeed } from "./data/bandFeed";
import type { Feed } from "./data/feed";
import { Chart, type Scene } from "./draw/chart";
import { later, never } from "./draw/frames";
import type { Theme } from "./draw/theme";
import type { Shared } from "./shared";

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
  /** Run id → group, where lines are means of groups. */
  groupOf: ReadonlyMap<string, string> | null;
  groupSigns: ReadonlyMap<string, Sign>;
}

/** What the card says around its chart. */
export interface CardState {
  /** Lines that have something to show. */
  lines: number;
  /** Curves that nothing is known of yet. */
  waiting: number;
  /** Points that the axes have no place for. */
  leftOut: number;
  low: number;
  high: number;
  zoomed: boolean;
}

export const NOTHING: CardState = {
  lines: 0,
  waiting: 1,
  leftOut: 0,
  low: Number.NaN,
  high: Number.NaN,
  zoomed: false,
};

export interface Sources {
  feed: Feed;
  bands: BandFeed;
  shared: Shared;
  view: ViewStore;
}

export interface Readout {
  x: number;
  rows: Row[];
  more: number;
  near: string | null;
}

const ROWS = 12; // of the tooltip

export class CardChart {
  readonly key: string;
  readonly #from: Sources;
  readonly #onState: (state: CardState) => void;
  readonly #ends: (() => void)[] = [];
  readonly #lines = new Map<string, RunLine>();
  #chart: Chart | null = null;
  #input: CardInput | null = null;
  #theme: Theme;
  #shown: Line[] = [];
  #scene: Scene | null = null;
  #zoomY: Range | null = null;
  #heldX: Range | null = null;
  #heldY: Range | null = null;
  #said = "";
  #host: HTMLElement | null = null;
  readonly #update = () => this.#draw();

  constructor(key: string, from: Sources, theme: Theme, onState: (state: CardState) => void) {
    this.key = key;
    this.#from = from;
    this.#theme = theme;
    this.#onState = onState;
    const { feed, bands, shared, view } = from;
    this.#ends.push(
      feed.listen(key, () => later(this.#update)),
      bands.listen(key, () => later(this.#update)),
      shared.store.subscribe((now, before) => {
        if (now.zoom !== before.zoom) {
          if (!now.zoom) this.#zoomY = null;
          later(this.#update);
        }
        if (now.pointed !== before.pointed) this.#point();
        if (now.group !== before.group) this.#bring();
      }),
      view.subscribe((now, before) => now.hover !== before.hover && this.#bring()),
    );
    shared.charts.set(key, this);
  }

  mount(host: HTMLElement): () => void {
    this.#host = host;
    const sized = new ResizeObserver(() => later(this.#fit));
    sized.observe(host);
    later(this.#update);
    return () => {
      sized.disconnect();
      this.#chart?.destroy();
      this.#chart = null;
      this.#host = null;
    };
  }

  give(input: CardInput): void {
    const before = this.#input?.options;
    if (before && (before.x !== input.options.x || before.xKey !== input.options.xKey)) this.#zoomY = null;
    this.#input = input;
    later(this.#update);
  }

  theme(theme: Theme): void {
    this.#theme = theme;
    this.#chart?.theme(theme);
  }

  end(): void {
    for (const end of this.#ends) end();
    never(this.#update);
    never(this.#fit);
    if (this.#from.shared.charts.get(this.key) === this) this.#from.shared.charts.delete(this.key);
  }

  get zoomed(): boolean {
    return this.#zoomY !== null || this.#from.shared.store.getState().zoom !== null;
  }

  get colours(): Theme {
    return this.#theme;
  }

  get scene(): Scene | null {
    return this.#scene;
  }

  /** The values at x, and which line is nearest to the pointer. */
  read(x: number): Readout | null {
    if (!this.#scene || !this.#chart) return null;
    const { xAxis } = this.#scene;
    const place = onAxis(x, xAxis);
    const near = this.#forward();
    const all = rowsAt(this.#shown, place, this.#reach());
    return { x, near, ...cut(all, ROWS, (row) => row.line.id === near) };
  }

  // -- what keys do

  /** Move the crosshair to the next place where a line has a point. */
  step(direction: 1 | -1): void {
    if (!this.#scene || !this.#chart) return;
    const { xAxis, x: seen } = this.#scene;
    const { pointed } = this.#from.shared.store.getState();
    const start = direction > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const from = pointed?.key === this.key ? onAxis(pointed.x, xAxis) : start;
    let next = Number.NaN;
    for (const { x, length } of this.#shown) {
      for (let i = 0; i < length; i++) {
        const at = x[i] as number;
        if (!(at >= seen[0] && at <= seen[1])) continue;
        if (direction > 0 ? at > from && !(at >= next) : at < from && !(at <= next)) next = at;
      }
    }
    if (!Number.isNaN(next)) this.#pointAt(next, 0.4);
  }

  reset(): void {
    this.#zoomY = null;
    this.#from.shared.store.setState({ zoom: null });
    later(this.#update);
  }

  leave(): void {
    this.#from.shared.store.setState({ pointed: null });
  }

  // -- drawing

  readonly #fit = () => {
    if (this.#chart) this.#chart.resize();
    else this.#draw();
  };

  #axes(options: CurveOptions): { xAxis: Axis; yAxis: Axis } {
    const kinds: Record<CurveOptions["x"], AxisKind> = {
      step: "number",
      metric: "number",
      relative: "duration",
      time: "time",
    };
    const own = options.own[this.key];
    return {
      xAxis: { kind: kinds[options.x], log: options.x !== "time" && (own?.logX ?? options.logX) },
      yAxis: { kind: "number", log: own?.logY ?? options.logY },
    };
  }

  #draw(): void {
    const input = this.#input;
    if (!input || !this.#host?.clientWidth) return;
    const axes = this.#axes(input.options);
    const { lines, waiting } = input.groupOf ? this.#means(input, axes) : this.#runs(input, axes);
    this.#shown = lines;
    const { zoom } = this.#from.shared.store.getState();
    const window = zoom ? ([onAxis(zoom[0], axes.xAxis), onAxis(zoom[1], axes.xAxis)] as Range) : null;
    const live = !input.groupOf && input.runs.some((run) => run.running);
    const x = window ?? this.#rangeX(lines, axes.xAxis, live);
    const range = yRange(lines, { window, clip: input.options.clip });
    const y = this.#zoomY ?? this.#rangeY(range ?? [0, 1], input.options.clip, axes.yAxis, live);
    this.#scene = { lines, ...axes, x, y };
    if (this.#chart) this.#chart.show(this.#scene);
    else if (lines.length) this.#chart = this.#make(this.#host, this.#scene);
    this.#bring();
    this.#say(lines, waiting, range, axes.yAxis);
  }

  /** A little room at the right while runs go on, so that the axis need not move with every point. */
  #rangeX(lines: readonly Line[], axis: Axis, live: boolean): Range {
    const now = xRange(lines) ?? [0, 1];
    const before = this.#scene?.xAxis.log === axis.log && this.#scene.xAxis.kind === axis.kind ? this.#heldX : null;
    if (live && before && held(before, now, 0.05)) return before;
    const span = now[1] - now[0];
    this.#heldX = padded(live && span > 0 ? [now[0], now[1] + 0.025 * span] : now, 0.005, axis.log);
    return this.#heldX;
  }

  #rangeY(now: Range, clip: boolean, axis: Axis, live: boolean): Range {
    const before = this.#scene?.yAxis.log === axis.log ? this.#heldY : null;
    if (live && before && held(before, now, 0.25)) return before;
    this.#heldY = padded(now, clip ? 0.1 : 0.05, axis.log);
    return this.#heldY;
  }

  #runs({ runs, options }: CardInput, axes: { xAxis: Axis; yAxis: Axis }): { lines: Line[]; waiting: number } {
    const lines: Line[] = [];
    let waiting = 0;
    const gone = new Set(this.#lines.keys());
    for (const { id, name, started, sign } of runs) {
      const points = this.#from.feed.get(id, this.key);
      if (!points) waiting++;
      if (!points?.length) continue;
      gone.delete(id);
      const line = this.#lines.get(id) ?? new RunLine(id, sign);
      this.#lines.set(id, line);
      line.label = name;
      line.sign = sign;
      line.update(points, { x: options.x, ...axes, smoothing: options.smoothing, started });
      lines.push(line);
    }
    for (const id of gone) this.#lines.delete(id);
    return { lines, waiting };
  }

  #means({ groupSigns }: CardInput, axes: { xAxis: Axis; yAxis: Axis }): { lines: Line[]; waiting: number } {
    const found = this.#from.bands.get(this.key);
    if (!found) return { lines: [], waiting: 1 };
    const lines = found.bands.flatMap((band) => {
      const sign = groupSigns.get(band.group);
      return sign ? [meanLine(band.group, sign, band, axes, found.version)] : [];
    });
    return { lines, waiting: 0 };
  }

  #make(host: HTMLElement, scene: Scene): Chart {
    const { shared } = this.#from;
    return new Chart(host, this.#theme, scene, {
      onPoint: (place) => (place ? this.#hover(place) : this.#leave()),
      onBrush: (direction, [low, high]) => {
        const axes = this.#scene;
        if (!axes) return;
        if (direction === "x") shared.store.setState({ zoom: [fromAxis(low, axes.xAxis), fromAxis(high, axes.xAxis)] });
        else this.#zoomY = [low, high];
        later(this.#update);
      },
      onReset: () => this.reset(),
      onClick: (event, left, top) => this.#click(event, left, top),
    });
  }

  #say(lines: readonly Line[], waiting: number, range: Range | null, yAxis: Axis): void {
    const state: CardState = {
      lines: lines.length,
      waiting,
      leftOut: lines.reduce((sum, line) => sum + line.leftOut, 0),
      low: range ? fromAxis(range[0], yAxis) : Number.NaN,
      high: range ? fromAxis(range[1], yAxis) : Number.NaN,
      zoomed: this.zoomed,
    };
    // To three digits: a label need not follow each of ten updates a second.
    const text = JSON.stringify({ ...state, low: state.low.toPrecision(3), high: state.high.toPrecision(3) });
    if (text === this.#said) return;
    this.#said = text;
    this.#onState(state);
  }

  // -- pointing

  #reach(): number {
    const scene = this.#scene;
    return scene && this.#chart ? (10 / Math.max(1, this.#chart.frame.width)) * (scene.x[1] - scene.x[0]) : 0;
  }

  #hover(place: { x: number; left: number; top: number }): void {
    const { shared, view } = this.#from;
    const scene = this.#scene;
    const chart = this.#chart;
    if (!scene || !chart) return;
    const line = chart.lineAt(place.left, place.top);
    const { left, top } = chart.box;
    chart.over.style.cursor = line && !this.#input?.groupOf ? "pointer" : "";
    if (this.#input?.groupOf) shared.store.setState({ group: line?.id ?? null });
    else if (view.getState().hover !== (line?.id ?? null)) view.setState({ hover: line?.id ?? null });
    const pointed = { key: this.key, x: fromAxis(place.x, scene.xAxis), left: left + place.left, top: top + place.top };
    shared.store.setState({ pointed });
  }

  #leave(): void {
    const { shared, view } = this.#from;
    if (view.getState().hover !== null) view.setState({ hover: null });
    shared.store.setState({ pointed: null, group: null });
  }

  #pointAt(place: number, down: number): void {
    const chart = this.#chart;
    if (!chart || !this.#scene) return;
    const { box, frame } = chart;
    const left = box.left + ((place - frame.x[0]) / (frame.x[1] - frame.x[0])) * frame.width;
    const x = fromAxis(place, this.#scene.xAxis);
    chart.point(place, false);
    this.#from.shared.store.setState({ pointed: { key: this.key, x, left, top: box.top + down * box.height } });
  }

  #point(): void {
    const { pointed } = this.#from.shared.store.getState();
    if (!this.#scene) return;
    this.#chart?.point(pointed ? onAxis(pointed.x, this.#scene.xAxis) : null, pointed?.key === this.key);
  }

  #forward(): string | null {
    const input = this.#input;
    const { hover } = this.#from.view.getState();
    if (!input?.groupOf) return hover;
    return this.#from.shared.store.getState().group ?? (hover ? (input.groupOf.get(hover) ?? null) : null);
  }

  #bring(): void {
    this.#chart?.bring(this.#forward());
  }

  /** A click on a line opens its run; with shift or alt it shows that run alone, or all of them again. */
  #click(event: MouseEvent, left: number, top: number): void {
    const line = this.#chart?.lineAt(left, top);
    if (!line || this.#input?.groupOf) return;
    const { view } = this.#from;
    if (event.shiftKey || event.altKey) view.setState({ solo: view.getState().solo === line.id ? null : line.id });
    else view.setState({ open: { kind: "run", id: line.id }, hover: null });
  }
}
