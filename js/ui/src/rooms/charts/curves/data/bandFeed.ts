// The means of groups and their spread, as Python computes them from whole histories. Asked again while runs go on, but
// once a second at most: each answer is about all of the points.
import { AskError, isAbort, type Transport } from "../../../../api/transport";
import type { BandsRequest, MeanBand, Num } from "../../../../contract";
import { toNumber } from "../../../../lib/format";

export interface MeanOf {
  group: string;
  xs: Float64Array;
  mean: Float64Array;
  low: Float64Array;
  high: Float64Array;
  runs: number;
}

interface Wanted {
  request: BandsRequest;
  /** The request and whatever else has to be the same for an answer to hold. */
  text: string;
  /** Ask again when runs have logged more. */
  live: boolean;
  /** Not before then. */
  from: number;
}

interface Own {
  text: string;
  request: BandsRequest;
  bands: MeanOf[];
  /** Grows with every answer. */
  version: number;
  /** The news it was asked after. */
  news: number;
}

const EVERY = 1000; // milliseconds between two questions about the same metric
const MOMENT = 150; // milliseconds of quiet before another question, as when a slider is moved

export class BandFeed {
  error: AskError | null = null;
  readonly #transport: Transport;
  readonly #listeners = new Map<string, Set<() => void>>();
  readonly #errorListeners = new Set<() => void>();
  readonly #own = new Map<string, Own>();
  readonly #wanted = new Map<string, Wanted>();
  readonly #asked = new Map<string, number>();
  #news = 0;
  #asking: { key: string; text: string; controller: AbortController } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Say what is shown of a metric; null: nothing. `stamp`: an answer from before another one does not hold. */
  want(key: string, request: BandsRequest | null, { live, stamp = "" }: { live: boolean; stamp?: string }): void {
    const text = request ? `${stamp} ${JSON.stringify(request)}` : "";
    if (text === (this.#wanted.get(key)?.text ?? "")) return;
    if (request) this.#wanted.set(key, { request, text, live, from: this.#own.has(key) ? Date.now() + MOMENT : 0 });
    else this.#wanted.delete(key);
    if (this.#asking?.key === key && this.#asking.text !== text) {
      this.#asking.controller.abort();
      this.#asking = null;
    }
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
    this.#wanted.clear();
    this.#asking?.controller.abort();
    clearTimeout(this.#timer);
  }

  /** The latest answer about a metric, and what was asked. */
  get(key: string): { request: BandsRequest; bands: readonly MeanOf[]; version: number } | undefined {
    return this.#own.get(key);
  }

  /** Whether that is what is wanted now. */
  holds(key: string): boolean {
    return this.#own.get(key)?.text === this.#wanted.get(key)?.text;
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
    if (this.#asking) return;
    let wait = Number.POSITIVE_INFINITY;
    for (const [key, wanted] of this.#wanted) {
      const own = this.#own.get(key);
      const same = own?.text === wanted.text;
      if (same && (!wanted.live || own?.news === this.#news)) continue;
      const since = same || this.error ? (this.#asked.get(key) ?? 0) + EVERY : wanted.from;
      if (since <= Date.now()) {
        void this.#ask(key, wanted);
        return;
      }
      wait = Math.min(wait, since - Date.now());
    }
    clearTimeout(this.#timer);
    if (Number.isFinite(wait)) this.#timer = setTimeout(() => this.#pump(), wait);
  }

  async #ask(key: string, { request, text }: Wanted): Promise<void> {
    const controller = new AbortController();
    const own = { key, text, controller };
    this.#asking = own;
    this.#asked.set(key, Date.now());
    const news = this.#news;
    try {
      const answer = await this.#transport.ask("charts.bands", request, { signal: controller.signal });
      if (controller.signal.aborted) return;
      const version = (this.#own.get(key)?.version ?? 0) + 1;
      this.#own.set(key, { request, text, bands: answer.bands.map(taken), version, news });
      this.#fail(null);
      for (const listener of this.#listeners.get(key) ?? []) listener();
    } catch (error) {
      if (isAbort(error) || controller.signal.aborted) return;
      this.#fail(error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) }));
    } finally {
      if (this.#asking === own) {
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

function taken({ group, xs, mean, low, high, runs }: MeanBand): MeanOf {
  const numbers = (list: readonly Num[]) => Float64Array.from(list, toNumber);
  return { group, runs, xs: numbers(xs), mean: numbers(mean), low: numbers(low), high: numbers(high) };
}
