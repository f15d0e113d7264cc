// One tab: a panel that fills it, what it is about, and what it is called.
import { MainAreaWidget } from "@jupyterlab/apputils";
import { type ReadonlyPartialJSONObject, UUID } from "@lumino/coreutils";
import { Signal } from "@lumino/signaling";
import { oneLine, plural } from "@nbtrack/ui/src/lib/format";
import type { Open, PanelHost, PanelSpec } from "@nbtrack/ui/src/state/panel";
import type { View, ViewStore } from "@nbtrack/ui/src/state/view";
import { compareIcon, runIcon, runsIcon } from "./icons";
import { PanelView } from "./panel";
import { specOf } from "./spec";
import type { INbtrack } from "./tokens";

/** What a tab is asked to show. Kept by JupyterLab, so that it comes back after a reload. */
export interface Asked {
  project: string;
  /** What is open over the table: in a tab of runs now, in a tab of a run or a comparison always. */
  open: Open | null;
  /** What the tab is about; "table" also while a run is open in it. */
  about?: "table" | "run" | "compare";
  /** What the run was called. */
  name?: string;
  spec?: PanelSpec;
  /** Tells tabs apart where they are restored. */
  key?: string;
}

type Kept = ReadonlyPartialJSONObject & { key: string };

interface Ways {
  /** Opens a run or a comparison in a tab of its own. */
  openTab: (open: Open) => void;
  /** From one run or a comparison to the runs of the project, which are to be seen so. */
  back: (seen: Seen) => void;
  /** Keeps how the table is arranged as a file. */
  saveView: () => void;
  openFile: NonNullable<PanelHost["openFile"]>;
}

/** What of a table's view is said by who leads to it: all but what is open over it. */
export type Seen = Partial<Omit<View, "open" | "set">>;

const MOST_NAME = 60; // characters of a title

export class RunsTab extends MainAreaWidget<PanelView> {
  readonly changed = new Signal<this, void>(this);
  readonly project: string;
  readonly about: "table" | "run" | "compare";
  readonly spec: PanelSpec | undefined;
  readonly #nbtrack: INbtrack;
  readonly #ways: Ways;
  readonly #key: string;
  #open: Open | null;
  #name: string;
  #view: ViewStore | null = null;
  #seen: Seen = {};

  constructor(nbtrack: INbtrack, asked: Asked, ways: Ways) {
    const { project, open, spec, name = "", key = UUID.uuid4() } = asked;
    const content = new PanelView(nbtrack, project, spec ?? {}, {
      fill: true,
      openTab: asked.open === null || asked.about === "table" ? ways.openTab : undefined,
      saveView: ways.saveView,
      openFile: ways.openFile,
      onView: (view) => this.#follow(view),
    });
    super({ content });
    this.toolbar.hide(); // the panel brings its own
    this.id = `nbtrack-tab-${UUID.uuid4()}`;
    this.#nbtrack = nbtrack;
    this.#ways = ways;
    this.#key = key;
    this.#open = open;
    this.#name = name;
    this.project = project;
    this.spec = spec;
    this.about = open ? (asked.about ?? open.kind) : "table";
    this.title.closable = true;
    this.title.icon = { table: runsIcon, run: runIcon, compare: compareIcon }[this.about];
    this.#title();
  }

  /** What would open it again. */
  get asked(): Kept {
    const { project, about, spec } = this;
    return { project, about, open: this.#open, name: this.#name, spec, key: this.#key } as unknown as Kept;
  }

  /** The run that the tab is about, if it is one. */
  get run(): string | null {
    return this.about === "run" && this.#open?.kind === "run" ? this.#open.id : null;
  }

  /** How the table is arranged now, once it is there. */
  get view(): ViewStore | null {
    return this.#view;
  }

  /** Show the table so, and nothing over it: now, or once it is there. */
  arrange(seen: Seen): void {
    if (this.#view) this.#view.setState({ ...seen, open: null });
    else this.#seen = { ...this.#seen, ...seen };
  }

  shows({ project, open, spec }: Asked): boolean {
    if (project !== this.project || (open?.kind ?? "table") !== this.about) return false;
    return JSON.stringify(open ?? spec) === JSON.stringify(this.about === "table" ? this.spec : this.#open);
  }

  /** The run was renamed, or its name is known now. */
  rename(name: string): void {
    if (name === this.#name) return;
    this.#name = name;
    this.#title();
    this.changed.emit();
  }

  #follow(view: ViewStore): void {
    this.#view = view;
    view.setState(this.#open ? { ...this.#seen, open: this.#open } : this.#seen);
    view.subscribe((now, before) => this.#turn(now, before));
  }

  /** Something was opened or left. A tab of one run or of a comparison stays one: other things have their own tab. */
  #turn(now: View, before: View): void {
    const { open } = now;
    if (open === this.#open || this.isDisposed) return;
    if (this.about === "table" || open?.kind === this.about) {
      this.#open = open;
      if (open?.kind === "run" && this.about === "run") this.#name = "";
      this.#title();
      this.changed.emit();
    } else if (open) {
      this.#view?.setState({ open: this.#open });
      this.#ways.openTab(open);
    } else {
      // After the panel's own work with it: this takes the panel away.
      queueMicrotask(() => this.#ways.back(changed(now, before)));
    }
  }

  #title(): void {
    const open = this.about === "table" ? null : this.#open;
    const project = this.project.split("/").at(-1) ?? "";
    if (open?.kind === "run") this.title.label = oneLine(this.#name || open.id, MOST_NAME);
    else if (open) this.title.label = `Compare ${plural(open.ids.length, "run")}`;
    else this.title.label = project ? `${oneLine(project, MOST_NAME)} runs` : "Runs";
    this.title.caption = `Project: ${this.project || "the server's folder"}`;
    if (this.project) return;
    // The folder that everything is in has a name of its own.
    this.#nbtrack.find("").then(
      ({ name }) => {
        if (this.isDisposed) return;
        if (!open) this.title.label = `${oneLine(name, MOST_NAME)} runs`;
        this.title.caption = `Project: ${name}`;
      },
      () => {}, // then it stays unnamed
    );
  }
}

/** What was said with one step beside that what was open was left: the table is to be seen so. */
function changed(now: View, before: View): Seen {
  const names = (Object.keys(now) as (keyof View)[]).filter((name) => name !== "open");
  return Object.fromEntries(names.filter((name) => now[name] !== before[name]).map((name) => [name, now[name]]));
}

/** What was kept of a tab. It may have been written by another version. */
export function askedOf(kept: ReadonlyPartialJSONObject): Asked {
  const { project, name, key, about } = kept;
  if (typeof project !== "string") throw new Error("A tab without a project cannot be restored.");
  return {
    project,
    open: openOf(kept.open),
    about: about === "table" || about === "run" || about === "compare" ? about : undefined,
    name: typeof name === "string" ? name : undefined,
    key: typeof key === "string" ? key : undefined,
    spec: kept.spec ? specOf(kept.spec).spec : undefined,
  };
}

function openOf(kept: unknown): Open | null {
  const { kind, id, ids } = (kept ?? {}) as { kind?: unknown; id?: unknown; ids?: unknown };
  if (kind === "run" && typeof id === "string") return { kind, id };
  if (kind === "compare" && Array.isArray(ids)) return { kind, ids: ids.filter((one) => typeof one === "string") };
  return null;
}
