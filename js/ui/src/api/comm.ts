// Over the comm of a widget: questions and answers on the panel's model, announcements on a second one, so that both
// go on while a cell runs. The protocol is written down in nbtrack/widget/__init__.py.
import { Announcer } from "./announcer";
import {
  type AnswerOf,
  AskError,
  type AskOptions,
  type Link,
  type OperationName,
  type RequestOf,
  type Transport,
} from "./transport";

/** What of anywidget's model is used. */
export interface PanelModel {
  get(name: string): unknown;
  send(content: object): void;
  on(event: "msg:custom", listener: (message: unknown, buffers: DataView[]) => void): void;
  off(event: "msg:custom", listener: (message: unknown, buffers: DataView[]) => void): void;
  widget_manager: { get_model(id: string): Promise<PushModel> };
}

/** What of the second model, which is ipywidgets' own, is used. */
export interface PushModel {
  comm_live?: boolean;
  on(event: string, listener: (message: unknown) => void): void;
  off(event: string, listener: (message: unknown) => void): void;
}

interface Waiting {
  done(answer: Reply, buffers: DataView[]): void;
  fail(error: unknown): void;
}

interface Reply {
  id?: number;
  ok?: boolean;
  result?: unknown;
  error?: { code: string; message: string; hint?: string; column?: number | null };
}

interface Hello {
  version: string;
  protocol: number;
  operations: string[];
}

const PROTOCOL = 1;
const PREFIX = "IPY_MODEL_";
const TIMEOUT = 10 * 60_000; // a cell may run for long, and an old kernel answers after it
const BUSY_AFTER = 2000; // milliseconds without an answer after which the kernel is said to be busy
const PUSH_WAIT = 5000; // milliseconds to find the second model before the revision is polled instead
const POLL = 1000;
const CLOSED = "Given up.";

// One count for all panels of a page, from anywhere: another browser on the same kernel hears these answers too.
let next = Math.floor(Math.random() * 2 ** 40);

export class CommTransport extends Announcer implements Transport {
  readonly #model: PanelModel;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ends: (() => void)[] = [];
  readonly #view = Math.random().toString(36).slice(2, 10);
  #closed = false;
  #operations: Set<string> | null = null;
  #version = "";

  constructor(model: PanelModel) {
    super();
    this.#model = model;
    const hear = (message: unknown, buffers: DataView[]) => this.#hear(message as Reply, buffers);
    model.on("msg:custom", hear);
    this.#ends.push(() => model.off("msg:custom", hear));
    this.#send({ view: this.#view, shown: true });
    // A page that is left comes back with other views; this one is not shown any more.
    const leave = () => this.close();
    addEventListener("pagehide", leave);
    this.#ends.push(() => removeEventListener("pagehide", leave));
    void this.#greet();
    void this.#listen();
  }

  ask<K extends OperationName>(op: K, request: RequestOf<K>, options?: AskOptions): Promise<AnswerOf<K>> {
    if (this.#operations && !this.#operations.has(op)) {
      const message = `The kernel's nbtrack ${this.#version} does not know '${op}'.`;
      const hint = "Restart the kernel, so that it has the version that made this panel.";
      return Promise.reject(new AskError({ code: "unknown_operation", message, hint }));
    }
    return this.#request({ op, payload: request }, options, (reply) => reply.result as AnswerOf<K>);
  }

  asset(name: string, options?: AskOptions): Promise<string> {
    return this.#request({ asset: name }, options, (_, [bytes]) => {
      if (!bytes) throw new AskError({ code: "unknown_asset", message: `'${name}' came without its content.` });
      return new TextDecoder().decode(bytes);
    });
  }

  /** gone: the output that the view was in was removed, so nobody will see this model again. */
  close(gone = false): void {
    if (this.#closed) return;
    this.#send({ view: this.#view, shown: false, ...(gone ? { gone } : {}) });
    this.#closed = true;
    for (const end of this.#ends) end();
    for (const { fail } of this.#waiting.values()) fail(new DOMException(CLOSED, "AbortError"));
    this.#waiting.clear();
  }

  #request<T>(what: object, options: AskOptions = {}, read: (reply: Reply, buffers: DataView[]) => T): Promise<T> {
    const { signal, timeout = TIMEOUT } = options;
    if (this.#closed || signal?.aborted) return Promise.reject(new DOMException(CLOSED, "AbortError"));
    if (this.known === "dead") return Promise.reject(dead());
    const id = next++;
    return new Promise<T>((resolve, reject) => {
      const forget = () => {
        this.#waiting.delete(id);
        clearTimeout(timer);
        clearTimeout(busy);
        signal?.removeEventListener("abort", abort);
      };
      const fail = (error: unknown) => {
        forget();
        reject(error);
      };
      const abort = () => {
        this.#send({ id, cancel: true });
        fail(new DOMException(CLOSED, "AbortError"));
      };
      const timer = setTimeout(() => {
        this.#send({ id, cancel: true });
        const message = `The kernel has not answered for ${Math.round(timeout / 1000)} s.`;
        fail(
          new AskError({
            code: "timeout",
            message,
            hint: "It may be busy with a cell; ask again when that has ended.",
          }),
        );
      }, timeout);
      const busy = setTimeout(() => this.#say("busy"), BUSY_AFTER);
      signal?.addEventListener("abort", abort, { once: true });
      const done = (reply: Reply, buffers: DataView[]) => {
        forget();
        if (!reply.ok)
          return reject(new AskError(reply.error ?? { code: "protocol", message: "An answer without a result." }));
        try {
          resolve(read(reply, buffers));
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.set(id, { done, fail });
      if (!this.#send({ id, ...what })) fail(dead());
    });
  }

  /** Whether it went out: a model whose comm is closed raises. */
  #send(content: object): boolean {
    try {
      this.#model.send({ v: PROTOCOL, ...content });
      return true;
    } catch {
      this.#say("dead");
      return false;
    }
  }

  #hear(reply: Reply, buffers: DataView[]): void {
    const waiting = typeof reply?.id === "number" ? this.#waiting.get(reply.id) : undefined;
    if (this.known === "busy") this.#say("open");
    waiting?.done(reply, buffers ?? []);
  }

  /** Who is there: an older kernel with a newer front end, or the other way round, is said in words. */
  async #greet(): Promise<void> {
    try {
      const hello = await this.#request({ hello: {} }, {}, (reply) => reply.result as Hello);
      this.#version = hello.version;
      this.#operations = new Set(hello.operations);
    } catch {
      // Whoever asks next hears what is wrong.
    }
  }

  async #listen(): Promise<void> {
    const push = await this.#findPush();
    if (this.#closed) return;
    if (!push) return this.#poll();
    const hear = (message: unknown) => {
      const { revision } = message as { revision?: number };
      if (typeof revision === "number") this.announce(revision);
    };
    const live = () => {
      if (push.comm_live === false) this.#die();
    };
    push.on("msg:custom", hear);
    push.on("comm_live_update", live);
    this.#ends.push(() => {
      push.off("msg:custom", hear);
      push.off("comm_live_update", live);
    });
    live();
    // What changed before the second model was found was announced to nobody.
    this.ask("project.revision", {}).then(({ revision }) => this.announce(revision), ignore);
  }

  async #findPush(): Promise<PushModel | null> {
    const id = this.#model.get("push");
    if (typeof id !== "string" || !id.startsWith(PREFIX)) return null;
    const late = new Promise<null>((resolve) => setTimeout(resolve, PUSH_WAIT, null));
    const found = Promise.resolve(this.#model.widget_manager?.get_model(id.slice(PREFIX.length))).catch(() => null);
    return (await Promise.race([found, late])) ?? null;
  }

  #poll(): void {
    let timer: ReturnType<typeof setTimeout>;
    const again = () => {
      if (this.#closed || this.known === "dead") return;
      timer = setTimeout(ask, POLL);
    };
    const ask = () => {
      this.ask("project.revision", {})
        .then(({ revision }) => this.announce(revision), ignore)
        .finally(again);
    };
    this.#ends.push(() => clearTimeout(timer));
    ask();
  }

  #die(): void {
    this.#say("dead");
    for (const { fail } of [...this.#waiting.values()]) fail(dead());
  }

  #say(link: Link): void {
    if (this.known !== "dead" && !this.#closed) this.link(link); // a kernel that is gone does not come back
  }
}

function dead(): AskError {
  const hint = "What is shown stays as it was. Run the cell again to go on.";
  return new AskError({ code: "kernel_dead", message: "The kernel of this panel is gone.", hint });
}

function ignore(): void {}
