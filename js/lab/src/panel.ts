// The panel in JupyterLab: the same built files that the widget has, fetched once for the page, over REST.
import { Widget } from "@lumino/widgets";
import { AskError } from "@nbtrack/ui/src/api/transport";
import type * as Panel from "@nbtrack/ui/src/index";
import type { PanelHost, PanelSpec } from "@nbtrack/ui/src/index";
import type { Server } from "./server";
import type { INbtrack } from "./tokens";

type Built = Pick<typeof Panel, "mount" | "RestTransport">;

const HEIGHT = 680; // pixels that a panel in a notebook will take, as far as is known before it is there

let built: Promise<Built> | null = null;

/** The built panel, loaded when the first one is shown; after a failure the next who wants it tries again. */
function load(server: Server): Promise<Built> {
  built ??= fetchBuilt(server).catch((error: unknown) => {
    built = null;
    throw error;
  });
  return built;
}

async function fetchBuilt(server: Server): Promise<Built> {
  const [script, style] = await Promise.all([text(server, "panel.js"), text(server, "panel.css")]);
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  try {
    // The packer must not look for this module: it comes from the server.
    const module = (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as Built;
    const sheet = document.createElement("style");
    sheet.textContent = style;
    document.head.append(sheet);
    return module;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function text(server: Server, name: string): Promise<string> {
  const response = await server.fetch(server.url("static", name)).catch(() => null);
  if (response?.ok) return response.text();
  throw response
    ? new AskError({
        code: "http",
        message: `The panel could not be loaded: the server answered ${response.status} ${response.statusText}.`,
        hint: "Is nbtrack installed where the server runs? `jupyter server extension list` says so.",
      })
    : new AskError({ code: "unreachable", message: "The server cannot be reached.", hint: "Is it still running?" });
}

/** What is heard of a project is passed on while the view is seen; the latest of it when it is seen again. */
class Gate {
  readonly #listen: (tell: (revision: number) => void) => () => void;
  #tell: (revision: number) => void = () => {};
  #end: (() => void) | null = null;
  #wanted = false;
  #open = false;

  constructor(listen: (tell: (revision: number) => void) => () => void) {
    this.#listen = listen;
  }

  readonly revisions = (tell: (revision: number) => void): (() => void) => {
    this.#tell = tell;
    this.#wanted = true;
    this.#turn();
    return () => {
      this.#wanted = false;
      this.#turn();
    };
  };

  set open(open: boolean) {
    this.#open = open;
    this.#turn();
  }

  #turn(): void {
    const on = this.#open && this.#wanted;
    if (on && !this.#end) this.#end = this.#listen((revision) => this.#tell(revision));
    if (on || !this.#end) return;
    this.#end();
    this.#end = null;
  }
}

/** A panel of a project. It is made when it is first seen, and asks nothing while nobody can see it. */
export class PanelView extends Widget {
  readonly #nbtrack: INbtrack;
  readonly #project: string;
  readonly #spec: PanelSpec;
  readonly #host: PanelHost;
  readonly #gate: Gate;
  readonly #seen: IntersectionObserver;
  #begun = false;
  #ends: (() => void)[] = [];

  constructor(nbtrack: INbtrack, project: string, spec: PanelSpec, host: PanelHost = {}) {
    super();
    this.#nbtrack = nbtrack;
    this.#project = project;
    this.#host = host;
    const { columns, directions } = nbtrack.settings;
    this.#spec = { ...spec, first: columns, directions };
    this.addClass("nbt-view");
    if (host.fill) this.addClass("nbt-view-fill");
    else this.node.style.minHeight = `${spec.height ?? HEIGHT}px`;
    const { revisions } = nbtrack.way(project);
    this.#gate = new Gate(revisions ?? (() => () => {}));
    this.#seen = new IntersectionObserver(
      (entries) => {
        const seen = entries.at(-1)?.isIntersecting ?? false;
        this.#gate.open = seen;
        if (seen && !this.#begun) void this.#begin();
      },
      { rootMargin: "300px" },
    );
    this.#seen.observe(this.node);
  }

  async #begin(): Promise<void> {
    this.#begun = true;
    this.#say(note("nbt-empty", spinner()));
    try {
      const { mount, RestTransport } = await load(this.#nbtrack.server);
      if (this.isDisposed) return;
      const way = new RestTransport({ ...this.#nbtrack.way(this.#project), revisions: this.#gate.revisions });
      const root = document.createElement("div");
      this.node.append(root);
      const onView: PanelHost["onView"] = (view) => {
        this.#say(root);
        this.node.style.minHeight = "";
        this.#host.onView?.(view);
      };
      this.#ends = [
        mount(root, way, this.#spec, { ...this.#host, onView }),
        // Whether the server is there is found out once for all views of a project.
        this.#nbtrack.transport(this.#project).onLink((link) => way.link(link)),
        () => way.close(),
      ];
    } catch (error) {
      if (this.isDisposed) return;
      this.#say(problem(error as AskError, { label: "Try again", run: () => void this.#begin() }));
    }
  }

  #say(child: HTMLElement): void {
    this.node.replaceChildren(child);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.#seen.disconnect();
    for (const end of this.#ends) end();
    super.dispose();
  }
}

function spinner(): HTMLElement {
  const sign = document.createElement("span");
  sign.className = "nbt-spinner";
  sign.setAttribute("role", "status");
  sign.setAttribute("aria-label", "Loading the panel");
  return sign;
}

function note(look: string, ...children: HTMLElement[]): HTMLElement {
  import("./ground").catch(() => {}); // without it the words are there all the same
  const box = document.createElement("div");
  box.className = "nbt-ground";
  const inner = document.createElement("div");
  inner.className = look;
  inner.append(...children);
  box.append(inner);
  return box;
}

/** An error as the parts of the panel show one, before there are any. */
export function problem(
  error: { message: string; hint?: string },
  ...actions: { label: string; run: () => void }[]
): HTMLElement {
  const title = document.createElement("h3");
  title.textContent = error.message;
  const hint = document.createElement("p");
  hint.textContent = error.hint ?? "";
  const buttons = actions.map(({ label, run }) => {
    const button = document.createElement("button");
    button.className = "nbt-button nbt-outline";
    button.textContent = label;
    button.onclick = run;
    return button;
  });
  const box = note("nbt-error", title, ...(error.hint ? [hint] : []), ...buttons);
  box.setAttribute("role", "alert");
  return box;
}
