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

const LONGEST = 30_000; // milliseconds between two tries

export class Changes {
  readonly #options: Required<Options>;
  readonly #listeners = new Map<string, Set<Tell>>();
  readonly #known = new Map<string, number>();
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failed = 0;
  #asking = false;
  /** Whether the last questions were answered: else there is no use in asking before a socket was tried again. */
  #answered = true;

  constructor(options: Options) {
    this.#options = { every: 2000, ...options };
    // The network is back, or someone looks again: then there is no need to wait.
    globalThis.addEventListener?.("online", () => this.#retry());
    globalThis.document?.addEventListener("visibilitychange", () => !document.hidden && this.#retry());
  }

  /** Calls back with each new revision of a project, and with the known one at once; returns what ends that. */
  listen(project: string, tell: Tell): () => void {
    const own = this.#listeners.get(project);
    if (own) own.add(tell);
    else this.#listeners.set(project, new Set([tell]));
    const known = this.#known.get(project);
    if (known !== undefined) queueMicrotask(() => this.#listeners.get(project)?.has(tell) && this.#call(tell, known));
    if (!own) this.#watch();
    return () => {
      const all = this.#listeners.get(project);
      if (!all?.delete(tell) || all.size > 0) return;
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
    let socket: WebSocket;
    try {
      socket = this.#options.socket();
    } catch {
      this.#lost(); // a page may be forbidden to open any
      return;
    }
    this.#socket = socket;
    socket.onopen = () => {
      this.#failed = 0;
      this.#say();
    };
    socket.onmessage = ({ data }) => {
      const told = read(data);
      if (told) this.#told(told.project, told.revision);
    };
    socket.onclose = () => {
      this.#socket = null;
      this.#lost();
    };
  }

  #lost(): void {
    this.#failed += 1;
    this.#answered = true;
    void this.#poll();
    this.#later(Math.min(LONGEST, this.#options.every * 2 ** Math.min(this.#failed - 1, 5)));
  }

  #retry(): void {
    if (this.#timer === undefined) return; // there is a socket, or nobody who wants one
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#open();
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
    if (this.#asking || !this.#answered) return;
    this.#asking = true;
    const answers = await Promise.all([...this.#listeners.keys()].map((project) => this.#ask(project)));
    this.#asking = false;
    this.#answered = answers.includes(true);
  }

  async #ask(project: string): Promise<boolean> {
    const before = this.#known.get(project);
    const revision = await this.#options.ask(project).catch(() => null);
    // What a socket has said meanwhile is the newer one.
    if (revision !== null && this.#known.get(project) === before) this.#told(project, revision);
    return revision !== null;
  }

  #told(project: string, revision: number): void {
    if (this.#known.get(project) === revision || !this.#listeners.has(project)) return;
    this.#known.set(project, revision);
    for (const tell of [...(this.#listeners.get(project) ?? [])]) {
      if (this.#listeners.get(project)?.has(tell)) this.#call(tell, revision); // one before it may have taken it off
    }
  }

  /** A view that fails does not keep the news from the others. */
  #call(tell: Tell, revision: number): void {
    try {
      tell(revision);
    } catch (error) {
      console.error("nbtrack: a view could not follow a change.", error);
    }
  }
}

/** A message of the server; null for one that this version does not know. */
function read(data: unknown): { project: string; revision: number } | null {
  try {
    const { project, revision } = JSON.parse(String(data)) as { project?: unknown; revision?: unknown };
    return typeof project === "string" && typeof revision === "number" ? { project, revision } : null;
  } catch {
    return null;
  }
}
