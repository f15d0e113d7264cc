// The curves that are shown, kept up with the runs. A curve is asked for whole once, thinned to the chart's pixels; while
// its run goes on only what was logged since is asked, with each new revision and at most ten times a second. A curve
// that has grown far beyond its pixels is asked for whole again. A zoom has finer curves of its own; the coarse ones are
// shown until they come.
import { AskError, isAbort, type Transport } from "../../../../api/transport";
import type { SeriesAnswer } from "../../../../contract";
import type { XAxis } from "../../../../state/view";
import { parts, type Question, questions } from "./plan";
import { type AskedFor, Points, wantsWhole } from "./points";

export interface FeedRun {
  id: string;
  running: boolean;
}

export interface Wanted {
  runs: readonly FeedRun[];
  /** Metrics, the most urgent first. */
  keys: readonly string[];
  x: XAxis;
  xKey: string | null;
  /** Pixel columns of a chart. */
  width: number;
  /** The part of x that is zoomed into, as the server counts it. */
  window: readonly [number, number] | null;
}

const AT_ONCE = 3; // whole questions under way
const LONGEST = 8000; // characters in one question for what is new: it travels in an address
const AROUND = 45; // characters of a curve in it beside its names
const REST = 2000; // milliseconds after an error before anything is asked again by itself
const METRIC_EVERY = 1000; // milliseconds between whole questions of a curve that grows over another metric
const HELD = 3; // times as many curves as are wanted are kept for when they are wanted again

/** All curves of one part of x, or of the whole of it. */
class Layer {
  readonly window: readonly [number, number] | null;
  readonly curves = new Map<string, Points>();
  readonly busy = new Set<string>();
  readonly asking = new Set<AbortController>();

  constructor(window: readonly [number, number] | null) {
    this.window = window;
  }

  end(): void {
    for (const one of this.asking) one.abort();
    this.asking.clear();
    this.busy.clear();
  }
}

const nameOf = (run: string, key: string) => `${run} ${key}`;

export class Feed {
  /** What went wrong last, until an answer comes. */
  error: AskError | null = null;
  readonly #transport: Transport;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #anyListeners = new Set<() => void>();
  #wanted: Wanted = { runs: [], keys: [], x: "step", xKey: null, width: 400, window: null };
  #coarse = new Layer(null);
  #fine: Layer | null = null;
  #tailing = false;
  #news = false;
  #restUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #metricAsked = 0;
  #ended = false;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Say what is shown. */
  want(wanted: Wanted): void {
    const before = this.#wanted;
    this.#wanted = wanted;
    if (before.x !== wanted.x || before.xKey !== wanted.xKey) this.#coarse.end();
    const { window } = wanted;
    const other =
      `${window}` !== `${this.#fine?.window ?? null}` || before.x !== wanted.x || before.xKey !== wanted.xKey;
    if (other) {
      this.#fine?.end();
      this.#fine = window ? new Layer(window) : null;
    }
    this.#forget();
    this.#pump();
    if (other) for (const key of wanted.keys) this.#say(key);
  }

  /** The file has changed: what runs may have logged more. */
  news(): void {
    this.#news = true;
    this.#pump();
  }

  again(): void {
    this.#restUntil = 0;
    this.error = null;
    this.#news = true;
    this.#pump();
    this.#sayAll();
  }

  close(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#coarse.end();
    this.#fine?.end();
  }

  /** What is known of a curve: the finer one where there is one. Undefined: nothing yet. */
  get(run: string, key: string): Points | undefined {
    const name = nameOf(run, key);
    const fine = this.#fine?.curves.get(name);
    if (fine?.asked) return fine;
    const coarse = this.#coarse.curves.get(name);
    // A curve over one metric cannot be shown over another, nor one over steps over a metric.
    const { x, xKey } = this.#wanted;
    if (coarse && x === "metric" && (coarse.asked?.x !== "metric" || coarse.asked.xKey !== xKey)) return undefined;
    return coarse;
  }

  /** Calls back when a curve of this metric is another. */
  listen(key: string, listener: () => void): () => void {
    const own = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, own.add(listener));
    return () => void own.delete(listener);
  }

  /** Calls back when there is an error, or none any more. */
  listenError(listener: () => void): () => void {
    this.#anyListeners.add(listener);
    return () => void this.#anyListeners.delete(listener);
  }

  #asked(): AskedFor {
    const { x, xKey, width } = this.#wanted;
    return { x, xKey: x === "metric" ? xKey : null, width };
  }

  #pump(): void {
    if (this.#ended) return;
    const rest = this.#restUntil - Date.now();
    if (rest > 0) {
      this.#later(rest);
      return;
    }
    this.#askWhole(this.#coarse);
    if (this.#fine) this.#askWhole(this.#fine);
    this.#askTails();
  }

  #later(wait: number): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#pump();
    }, wait);
  }

  // -- whole curves

  #askWhole(layer: Layer): void {
    const wanted = new Map<string, string[]>();
    const asked = this.#asked();
    for (const key of this.#wanted.keys) {
      const runs = this.#wanted.runs.filter(({ id }) => this.#wants(layer, id, key, asked)).map(({ id }) => id);
      if (runs.length) wanted.set(key, runs);
    }
    for (const question of questions(wanted)) {
      if (layer.asking.size >= AT_ONCE) return;
      void this.#whole(layer, question, asked);
    }
  }

  #wants(layer: Layer, run: string, key: string, asked: AskedFor): boolean {
    const name = nameOf(run, key);
    if (layer.busy.has(name)) return false;
    const own = layer.curves.get(name);
    if (!layer.window) return wantsWhole(own, asked);
    // There is nothing finer than all of the points.
    const coarse = this.#coarse.curves.get(name);
    if (!coarse?.asked || wantsWhole(coarse, asked)) return false;
    return !coarse.exact && wantsWhole(own, asked);
  }

  async #whole(layer: Layer, question: Question, asked: AskedFor): Promise<void> {
    const controller = new AbortController();
    layer.asking.add(controller);
    const names = question.keys.flatMap((key) => question.runs.map((run) => nameOf(run, key)));
    for (const name of names) layer.busy.add(name);
    const running = this.#running();
    const { x, xKey, width } = asked;
    const request = {
      ...question,
      width,
      x,
      x_key: xKey,
      window: layer.window ? ([...layer.window] as [number, number]) : null,
    };
    try {
      const answer = await this.#transport.ask("runs.series", request, { signal: controller.signal });
      if (controller.signal.aborted || this.#ended) return;
      this.#take(layer, question, asked, answer, running);
      this.#wentWell();
    } catch (error) {
      if (!isAbort(error) && !controller.signal.aborted) this.#failed(error);
    } finally {
      if (layer.asking.delete(controller)) for (const name of names) layer.busy.delete(name);
      this.#pump();
    }
  }

  #take(layer: Layer, question: Question, asked: AskedFor, answer: SeriesAnswer, running: ReadonlySet<string>): void {
    const found = new Map(answer.series.map((one) => [nameOf(one.run, one.key), one]));
    for (const key of question.keys) {
      for (const run of question.runs) {
        const name = nameOf(run, key);
        const points = layer.curves.get(name) ?? new Points(run, key);
        layer.curves.set(name, points);
        points.replace(found.get(name), asked);
        points.settled = !running.has(run);
      }
      this.#say(key);
    }
  }

  // -- what was logged since

  #askTails(): void {
    if (this.#tailing) return;
    const layer = this.#fine ?? this.#coarse;
    const open = this.#open(layer);
    if (!open.length) return;
    if (this.#wanted.x === "metric") {
      this.#askMetricAgain(open);
      return;
    }
    // A run that has just ended is asked once more without waiting for news: none may come.
    const running = this.#running();
    const due = this.#news ? open : open.filter((points) => !running.has(points.run));
    this.#news = false;
    if (due.length) void this.#tails(due, running);
  }

  /** The curves that may have more than is known; of a zoom those that have a finer curve, and the others' coarse one. */
  #open(layer: Layer): Points[] {
    const found: Points[] = [];
    for (const key of this.#wanted.keys) {
      for (const { id, running } of this.#wanted.runs) {
        const name = nameOf(id, key);
        const own = layer.curves.get(name)?.asked ? layer : this.#coarse;
        const points = own.curves.get(name);
        if (points?.asked && !own.busy.has(name) && (running || !points.settled)) found.push(points);
      }
    }
    return found;
  }

  async #tails(due: readonly Points[], running: ReadonlySet<string>): Promise<void> {
    this.#tailing = true;
    const epochs = new Map(due.map((points) => [points, points.epoch]));
    try {
      for (const some of parts(due, LONGEST, ({ run, key }) => run.length + key.length + AROUND)) {
        const curves = some.map(({ run, key, total }) => ({ run, key, after: total }));
        const answer = await this.#transport.ask("charts.tail", { curves, width: this.#wanted.width });
        if (this.#ended) return;
        const found = new Map(answer.series.map((one) => [nameOf(one.run, one.key), one]));
        const changed = new Set<string>();
        for (const points of some) {
          // It was asked for whole meanwhile: the answer begins where nothing ends any more.
          if (points.epoch !== epochs.get(points)) continue;
          const series = found.get(nameOf(points.run, points.key));
          if (series) points.append(series);
          if (!running.has(points.run)) points.settled = true;
          if (series) changed.add(points.key);
        }
        for (const key of changed) this.#say(key);
      }
      this.#wentWell();
    } catch (error) {
      this.#news = true;
      this.#failed(error);
    } finally {
      this.#tailing = false;
      this.#pump();
    }
  }

  /** What is new does not say where it lies over another metric: those curves are asked for whole, but less often. */
  #askMetricAgain(open: readonly Points[]): void {
    const running = this.#running();
    const due = this.#news || open.some((points) => !running.has(points.run));
    if (!due) return;
    const wait = this.#metricAsked + METRIC_EVERY - Date.now();
    if (wait > 0) {
      this.#later(wait);
      return;
    }
    this.#metricAsked = Date.now();
    this.#news = false;
    const layer = this.#coarse;
    const wanted = new Map<string, string[]>();
    for (const points of open) {
      if (!layer.busy.has(nameOf(points.run, points.key))) {
        wanted.set(points.key, [...(wanted.get(points.key) ?? []), points.run]);
      }
    }
    for (const question of questions(wanted)) void this.#whole(layer, question, this.#asked());
  }

  // -- the rest

  #running(): Set<string> {
    return new Set(this.#wanted.runs.filter((run) => run.running).map((run) => run.id));
  }

  #failed(error: unknown): void {
    this.error = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
    this.#restUntil = Date.now() + REST;
    this.#sayAll();
  }

  #wentWell(): void {
    if (!this.error) return;
    this.error = null;
    this.#sayAll();
  }

  #say(key: string): void {
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }

  #sayAll(): void {
    for (const listener of this.#anyListeners) listener();
  }

  #forget(): void {
    const { runs, keys } = this.#wanted;
    if (this.#coarse.curves.size <= HELD * runs.length * keys.length + 200) return;
    const shown = new Set(runs.map((run) => run.id));
    for (const [name, points] of this.#coarse.curves) if (!shown.has(points.run)) this.#coarse.curves.delete(name);
  }
}
