// Over HTTP: one route per operation. Its server side is the JupyterLab extension's; revisions are polled, unless the host
// has a quicker way to hear of them.
import { METHODS } from "../contract";
import { Announcer } from "./announcer";
import {
  type AnswerOf,
  AskError,
  type AskOptions,
  type OperationName,
  type RequestOf,
  type Transport,
} from "./transport";

export interface RestOptions {
  /** Where the routes are: `${base}/${operation}`. */
  base: string;
  /** Where the built files are: `${assets}/${name}`. */
  assets: string;
  /** What stands in the query of every request: which project it is about. */
  params?: Record<string, string>;
  /** Where the content of artifacts is: `${artifacts}/${run}/${path}`; without, it comes as an operation's answer only. */
  artifacts?: string;
  /** Milliseconds between two questions for the revision. */
  every?: number;
  /** Calls back with each new revision; returns what ends that. Given it, none is asked for. */
  revisions?: (listener: (revision: number) => void) => () => void;
  /** How a request is made: JupyterLab's own, with its token, where there is one. */
  fetch?: typeof fetch;
}

const TIMEOUT = 30_000;
const LONGEST = 4000; // characters of an address: what asks for more than fits is sent as a body, too

export class RestTransport extends Announcer implements Transport {
  readonly side = "server";
  readonly #options: RestOptions & Required<Pick<RestOptions, "every" | "fetch">>;
  readonly #ended = new AbortController();
  readonly #deaf: () => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RestOptions) {
    super();
    this.#options = { every: 1000, fetch: globalThis.fetch.bind(globalThis), ...options };
    if (options.revisions) this.#deaf = options.revisions((revision) => this.announce(revision));
    else this.#poll();
  }

  async ask<K extends OperationName>(op: K, request: RequestOf<K>, options: AskOptions = {}): Promise<AnswerOf<K>> {
    const url = this.#url(this.#options.base, op);
    const body = JSON.stringify(request);
    const get = METHODS[op] === "GET" && encodeURIComponent(body).length <= LONGEST;
    if (get) url.searchParams.set("payload", body);
    const init: RequestInit = get ? {} : { method: "POST", body, headers: { "Content-Type": "application/json" } };
    const response = await this.#send(url, init, options);
    const answer = (await response.json().catch(() => null)) as {
      ok?: boolean;
      result?: AnswerOf<K>;
      error?: AskError;
    } | null;
    if (answer?.ok) return answer.result as AnswerOf<K>;
    if (answer?.error) throw new AskError(answer.error);
    throw new AskError({
      code: "http",
      message: `The server answered ${response.status} ${response.statusText}.`,
      hint: "Reload the page.",
    });
  }

  async asset(name: string, options: AskOptions = {}): Promise<string> {
    const response = await this.#send(
      new URL(`${this.#options.assets}/${name}`, globalThis.location?.href),
      {},
      options,
    );
    if (!response.ok)
      throw new AskError({ code: "http", message: `'${name}' could not be loaded: ${response.status}.`, hint: "" });
    return response.text();
  }

  artifact(run: string, path: string): string | null {
    if (this.#options.artifacts === undefined) return null;
    const name = [run, ...path.split("/")].map(encodeURIComponent).join("/");
    return this.#url(this.#options.artifacts, name).href;
  }

  #url(base: string, name: string): URL {
    const url = new URL(`${base}/${name}`, globalThis.location?.href);
    for (const [key, value] of Object.entries(this.#options.params ?? {})) url.searchParams.set(key, value);
    return url;
  }

  async #send(url: URL, init: RequestInit, { signal, timeout = TIMEOUT }: AskOptions): Promise<Response> {
    const signals = [this.#ended.signal, AbortSignal.timeout(timeout), ...(signal ? [signal] : [])];
    try {
      const response = await this.#options.fetch(url, { ...init, signal: AbortSignal.any(signals) });
      this.link("open");
      return response;
    } catch (error) {
      if (signal?.aborted || this.#ended.signal.aborted) throw new DOMException("Given up.", "AbortError");
      if (error instanceof DOMException && error.name === "TimeoutError") {
        this.link("busy");
        throw new AskError({
          code: "timeout",
          message: `No answer after ${timeout / 1000} s.`,
          hint: "It is asked again by itself.",
        });
      }
      this.link("dead");
      throw new AskError({
        code: "unreachable",
        message: "The server cannot be reached.",
        hint: "Is it still running?",
      });
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#deaf();
    this.#ended.abort();
  }

  #poll(): void {
    const next = () => {
      if (!this.#ended.signal.aborted) this.#timer = setTimeout(() => this.#poll(), this.#options.every);
    };
    this.ask("project.revision", {}).then(({ revision }) => {
      this.announce(revision);
      next();
    }, next);
  }
}
