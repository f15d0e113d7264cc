// One websocket of the page hears of the changes of all projects that something on it shows. A long poll per project
// would use up the six connections that a browser has for a server; JupyterLab keeps websockets open anyway.
export type Tell = (revision: number) => void;

interface Options {
  socket: () => WebSocket;
  /** The revision of a project, asked while there is no socket. */
  ask: (project: string) => Promise<number>;
  /** Milliseconds between two of those questions, and before a socket is tried again. */
  every?: number;
}

const LONGEST = 60_000; // milliseconds between two tries

export class Changes {
  readonly #options: Required<Options>;
  readonly #listeners = new Map<string, Set<Tell>>();
  readonly #known = new Map<string, number>();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failed = 0;

  constructor(options: Options) {
    this.#options = { every: 2000, ...options };
  }

  /** Calls back with each new revision of a project, and with the known one at once; returns what ends that. */
  listen(project: string, tell: Tell): () => void {
    const own = this.#listeners.get(project);
    if (own) own.add(tell);
    else this.#listeners.set(project, new Set([tell]));
    const known = this.#known.get(project);
    if (known !== undefined) queueMicrotask(() => this.#listeners.get(project)?.has(tell) && tell(known));
    if (!own) this.#watch();
    return () => {
      const all = this.#listeners.get(project);
      all?.delete(tell);
      if (all?.size !== 0) return;
      this.#listeners.delete(project);
      this.#known.delete(project);
      this.#watch();
    };
  }

  #watch(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#say();
    else if (!this.#socket && this.#timer === undefined) this.#open();
  }

  #say(): void {
    this.#socket?.send(JSON.stringify({ watch: [...this.#listeners.keys()] }));
  }

  #open(): void {
    if (this.#listeners.size === 0) return;
    const socket = this.#options.socket();
    this.#socket = socket;
    socket.onopen = () => {
      this.#failed = 0;
      this.#say();
    };
    socket.onmessage = ({ data }) => {
      const { project, revision } = JSON.parse(String(data)) as { project: string; revision: number };
      this.#told(project, revision);
    };
    socket.onclose = () => {
      this.#socket = null;
      this.#failed += 1;
      void this.#poll();
      const wait = Math.min(LONGEST, this.#options.every * 2 ** Math.min(this.#failed - 1, 5));
      this.#later(wait);
    };
  }

  /** Without a socket revisions are asked for, until one opens again. */
  #later(left: number): void {
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (left <= this.#options.every) return this.#open();
        void this.#poll();
        this.#later(left - this.#options.every);
      },
      Math.min(left, this.#options.every),
    );
  }

  async #poll(): Promise<void> {
    for (const project of [...this.#listeners.keys()]) {
      const revision = await this.#options.ask(project).catch(() => null);
      if (revision !== null) this.#told(project, revision);
    }
  }

  #told(project: string, revision: number): void {
    if (this.#known.get(project) === revision || !this.#listeners.has(project)) return;
    this.#known.set(project, revision);
    for (const tell of [...(this.#listeners.get(project) ?? [])]) tell(revision);
  }
}
