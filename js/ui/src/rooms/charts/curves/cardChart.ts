// What one card draws: takes the points of its runs from the feed, places them, and keeps a chart on the screen up with
// them. No React here: ten updates a second pass it by.
import type { ViewStore } from "../../../state/view";
import type { Line } from "./calc/line";
import { cut, type Row, rowsAt } from "./calc/near";
import type { Range } from "./calc/range";
import { type Axis, fromAxis, onAxis } from "./calc/ticks";
import { type CardInput, CardScene } from "./cardScene";
import type { BandFeed } from "./data/bandFeed";
import type { Feed } from "./data/feed";
import { Chart, CLOSE, type Scene } from "./draw/chart";
import { later, never } from "./draw/frames";
import type { Theme } from "./draw/theme";
import type { Shared } from "./shared";
import { spoken, xText } from "./words";

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
const DOUBLE = 280; // milliseconds in which a second click may follow

export class CardChart {
  readonly key: string;
  readonly #from: Sources;
  readonly #onState: (state: CardState) => void;
  readonly #ends: (() => void)[] = [];
  readonly #maker: CardScene;
  #chart: Chart | null = null;
  #input: CardInput | null = null;
  #theme: Theme;
  #shown: Line[] = [];
  #scene: Scene | null = null;
  #zoomY: Range | null = null;
  #opening: ReturnType<typeof setTimeout> | undefined;
  #said = "";
  #host: HTMLElement | null = null;
  readonly #update = () => this.#draw();

  constructor(key: string, from: Sources, theme: Theme, onState: (state: CardState) => void) {
    this.key = key;
    this.#from = from;
    this.#theme = theme;
    this.#onState = onState;
    this.#maker = new CardScene(key, from.feed, from.bands);
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
    clearTimeout(this.#opening);
    never(this.#update);
    never(this.#fit);
    this.#from.bands.want(this.key, null, { live: false });
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
    // Where a point really is, if they are all at one place or one line is meant; else where the pointer is.
    const places = new Set(all.map(({ line, at }) => line.x[at] as number));
    const own = all.find(({ line }) => line.id === near);
    const [at] = own ? [own.line.x[own.at] as number] : places.size === 1 ? places : [place];
    const exact = fromAxis(at ?? place, xAxis);
    return { x: exact, near, ...cut(all, ROWS, (row) => row.line.id === near) };
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
    if (Number.isNaN(next)) return;
    this.#pointAt(next, 0.4);
    this.#speak(next);
  }

  /** Tell a screen reader what lies at the crosshair. */
  #speak(place: number): void {
    const [scene, input, host] = [this.#scene, this.#input, this.#host];
    const readout = scene && this.read(fromAxis(place, scene.xAxis));
    if (!scene || !input || !host || !readout) return;
    host.setAttribute("aria-valuemin", String(scene.x[0]));
    host.setAttribute("aria-valuemax", String(scene.x[1]));
    host.setAttribute("aria-valuenow", String(place));
    host.setAttribute("aria-valuetext", spoken(xText(readout.x, input.options), readout.rows, readout.more));
  }

  reset(): void {
    clearTimeout(this.#opening);
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

  #draw(): void {
    const input = this.#input;
    if (!input || !this.#host?.clientWidth) return;
    const { zoom } = this.#from.shared.store.getState();
    const { lines, waiting, range, scene } = this.#maker.make(input, zoom, this.#zoomY);
    this.#shown = lines;
    this.#scene = scene;
    if (this.#chart) this.#chart.show(this.#scene);
    else if (lines.length) this.#chart = this.#make(this.#host, this.#scene);
    this.#bring();
    this.#say(lines, waiting, range, scene.yAxis);
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
    const close = line && !this.#input?.groups && chart.lineAt(place.left, place.top, CLOSE);
    chart.over.style.cursor = close ? "pointer" : "";
    if (this.#input?.groups) shared.store.setState({ group: line?.id ?? null });
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
    if (!input?.groups) return hover;
    return this.#from.shared.store.getState().group ?? (hover ? (input.groups.of.get(hover) ?? null) : null);
  }

  #bring(): void {
    this.#chart?.bring(this.#forward());
  }

  /**
   * A click on a line opens its run, unless it was the first of a double click, which resets the zoom; with shift or alt it
   * shows that run alone, or all of them again.
   */
  #click(event: MouseEvent, left: number, top: number): void {
    const line = this.#chart?.lineAt(left, top, CLOSE);
    if (!line || this.#input?.groups) return;
    const { view } = this.#from;
    clearTimeout(this.#opening);
    if (event.shiftKey || event.altKey) view.setState({ solo: view.getState().solo === line.id ? null : line.id });
    else if (event.detail < 2) {
      const open = () => view.setState({ open: { kind: "run", id: line.id }, hover: null });
      this.#opening = setTimeout(open, DOUBLE);
    }
  }
}
