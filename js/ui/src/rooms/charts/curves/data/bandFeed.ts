// The means of groups and their spread, as Python computes them from whole histories. Asked again while runs go on, but
// once a second at most: each answer is about all of the points.
import { AskError, isAbort, type Transport } from "../../../../api/transport";
import type { BandsRequest } from "../../../../contract";
import { toNumber } from "../../../../lib/format";

export interface BandsWanted {
  groups: Readonly<Record<string, string[]>>;
  keys: readonly string[];
  x: "step" | "time" | "relative";
  width: number;
  smoothing: number;
}

export interface MeanOf {
  group: string;
  xs: Float64Array;
  mean: Float64Array;
  low: Float64Array;
  high: Float64Array;
  runs: number;
}

interface Own {
  request: string;
  bands: MeanOf[];
  /** Grows with every answer. */
  version: number;
  /** The news it was asked after. */
  news: number;
}

const EVERY = 1000; // milliseconds between two questions about the same metric

export class BandFeed {
  error: AskError | null = null;
  readonly #transport: Transport;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #errorListeners = new Set<() => void>();
  readonly #own = new Map<string, Own>();
  #wanted: BandsWanted | null = null;
  #news = 0;
  #asking: AbortController | null = null;
  readonly #asked = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Say what is shown; null: no means. */
  want(wanted: BandsWanted | null): void {
    const other = JSON.stringify({ ...wanted, keys: 0 }) !== JSON.stringify({ ...this.#wanted, keys: 0 });
    this.#wanted = wanted;
    if (other) this.#asking?.abort();
    this.#pump();
  }

  /** Runs may have logged more. */
  news(): void {
    this.#news++;
    this.#pump();
  }

  again(): void {
    this.error = null;
    this.#asked.clear();
    this.news();
  }

  close(): void {
    this.#asking?.abort();
    clearTimeout(this.#timer);
    this.#wanted = null;
  }

  get(key: string): { bands: readonly MeanOf[]; version: number } | undefined {
    return this.#own.get(key);
  }

  listen(key: string, listener: () => void): () => void {
    const own = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, own.add(listener));
    return () => void own.delete(listener);
  }

  listenError(listener: () => void): () => void {
    this.#errorListeners.add(listener);
    return () => void this.#errorListeners.delete(listener);
  }

  #pump(): void {
    const wanted = this.#wanted;
    if (!wanted || (this.#asking && !this.#asking.signal.aborted)) return;
    let wait = Number.POSITIVE_INFINITY;
    for (const key of wanted.keys) {
      const { groups, x, width, smoothing } = wanted;
      const request: BandsRequest = { groups: groups as Record<string, string[]>, key, x, width, smoothing };
      const text = JSON.stringify(request);
      const own = this.#own.get(key);
      if (own?.news === this.#news && own.request === text) continue;
      // Another question is put at once, the same one after a while.
      const due = own?.request === text || this.error ? (this.#asked.get(key) ?? 0) + EVERY - Date.now() : 0;
      if (due <= 0) {
        void this.#ask(key, request, text);
        return;
      }
      wait = Math.min(wait, due);
    }
    clearTimeout(this.#timer);
    if (Number.isFinite(wait)) this.#timer = setTimeout(() => this.#pump(), wait);
  }

  async #ask(key: string, request: BandsRequest, text: string): Promise<void> {
    const controller = new AbortController();
    this.#asking = controller;
    this.#asked.set(key, Date.now());
    const news = this.#news;
    try {
      const answer = await this.#transport.ask("charts.bands", request, { signal: controller.signal });
      if (controller.signal.aborted) return;
      const numbers = (list: readonly (number | string)[]) => Float64Array.from(list, (one) => toNumber(one as number));
      const bands = answer.bands.map(({ group, xs, mean, low, high, runs }) => ({
        group,
        runs,
        xs: numbers(xs),
        mean: numbers(mean),
        low: numbers(low),
        high: numbers(high),
      }));
      const version = (this.#own.get(key)?.version ?? 0) + 1;
      this.#own.set(key, { request: text, bands, version, news });
      this.#fail(null);
      for (const listener of this.#listeners.get(key) ?? []) listener();
    } catch (error) {
      if (isAbort(error) || controller.signal.aborted) return;
      this.#fail(error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) }));
    } finally {
      if (this.#asking === controller) {
        this.#asking = null;
        this.#pump();
      }
    }
  }

  #fail(error: AskError | null): void {
    if (!error && !this.error) return;
    this.error = error;
    for (const listener of this.#errorListeners) listener();
  }
}
