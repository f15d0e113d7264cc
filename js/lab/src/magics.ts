// Loads nbtrack in Python kernels, so that `%%track` works without `%load_ext`. Nobody sees it: no output, no name in
// the namespace, no number of an execution, and nothing at all where nbtrack is not installed. The kernel is told
// that JupyterLab can be asked to change a cell, see restoring.ts.
import type { ISessionContext } from "@jupyterlab/apputils";
import type { Kernel } from "@jupyterlab/services";

const CODE = `
try:
    from importlib.util import find_spec
    from IPython import get_ipython
    if find_spec("nbtrack") is not None:
        get_ipython().extension_manager.load_extension("nbtrack")
        from nbtrack.magics import restoring
        restoring.LAB = True
except Exception:
    pass
`;

/** An expression beside code that is empty: it stands in nobody's history, and has a namespace of its own. */
export const REQUEST = {
  code: "",
  silent: true,
  store_history: false,
  allow_stdin: false,
  stop_on_error: false,
  user_expressions: { nbtrack: `__import__("builtins").exec(${JSON.stringify(CODE)}, {})` },
};

const RESTARTS: readonly Kernel.Status[] = ["restarting", "autorestarting"];

const loading = new WeakMap<Kernel.IKernelConnection, Promise<void>>();
const watched = new WeakSet<Kernel.IKernelConnection>();

/**
 * Loads nbtrack in a kernel, once until it restarts; resolves when the kernel has done so, which is after the cells
 * that wait there, and also where it could not. With its language known, nothing that is sent to it later comes before.
 */
export function ensureMagics(kernel: Kernel.IKernelConnection, language?: string): Promise<void> {
  const known = loading.get(kernel);
  if (known) return known;
  if (!watched.has(kernel)) {
    watched.add(kernel);
    kernel.statusChanged.connect((_, status) => {
      if (status === "dead" || RESTARTS.includes(status)) loading.delete(kernel);
    });
  }
  const done: Promise<void> = load(kernel, language).catch(() => {
    if (loading.get(kernel) === done) loading.delete(kernel); // it died or was restarted: the next who asks tries again
  });
  loading.set(kernel, done);
  return done;
}

async function load(kernel: Kernel.IKernelConnection, language?: string): Promise<void> {
  const spoken = language ?? (await kernel.info).language_info.name;
  if (spoken.toLowerCase() !== "python") return;
  await kernel.requestExecute(REQUEST, true).done;
}

type Session = Pick<ISessionContext, "session" | "kernelChanged" | "disposed">;

/** Follows the kernels of notebooks and consoles, as long as the user wants nbtrack in each. */
export class MagicsLoader {
  readonly #sessions = new Set<Session>();
  readonly #followed = new WeakSet<Kernel.IKernelConnection>();

  /** language: of a kernel, by the name of its kind, as far as that is known yet. */
  constructor(
    readonly wanted: () => boolean,
    readonly language: (name: string) => string | undefined,
  ) {}

  follow(session: Session): void {
    if (this.#sessions.has(session)) return;
    this.#sessions.add(session);
    session.disposed.connect(() => this.#sessions.delete(session));
    session.kernelChanged.connect((_, { newValue }) => this.#attach(newValue));
    this.#attach(session.session?.kernel);
  }

  /** The user has changed their mind: kernels that run are as good as new ones. */
  again(): void {
    for (const { session } of this.#sessions) this.#attach(session?.kernel);
  }

  #attach(kernel: Kernel.IKernelConnection | null | undefined): void {
    if (!kernel) return;
    this.#load(kernel);
    if (this.#followed.has(kernel)) return;
    this.#followed.add(kernel);
    kernel.statusChanged.connect((_, status) => {
      // What is sent a moment later waits, before all that the user sends, until the new process can be reached.
      if (RESTARTS.includes(status)) queueMicrotask(() => this.#load(kernel));
    });
  }

  #load(kernel: Kernel.IKernelConnection): void {
    if (this.wanted() && !kernel.isDisposed) void ensureMagics(kernel, this.language(kernel.name));
  }
}
