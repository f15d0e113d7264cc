// The lines of one notebook's cells: which cells have one, and what stands in them. One question for all of them, when
// the project has changed and somebody can see it.
import type { Cell, ICellModel } from "@jupyterlab/cells";
import type { NotebookPanel } from "@jupyterlab/notebook";
import { type Message, MessageLoop } from "@lumino/messaging";
import type { PanelLayout } from "@lumino/widgets";
import type { CellHistory } from "@nbtrack/ui/src/contract";
import type { ProjectInfo } from "../server";
import { type Base, Here } from "./here";
import { isPython } from "./kernel";
import { isTracked } from "./source";
import { StripWidget } from "./strip";

const EVERY = 250; // milliseconds between two questions
const MOST = 1000; // cells of a question
const RUNS = 12; // of a cell

interface Entry {
  strip: StripWidget | null;
  end: () => void;
}

interface Known {
  history: CellHistory | null;
  /** What the project's revision was when it was asked. */
  revision: number;
}

export class CellHistories {
  #info: ProjectInfo | null = null;
  #revision = 0;
  #ended = false;
  #deaf = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #first = true;
  #synced = true;
  readonly #entries = new Map<Cell<ICellModel>, Entry>();
  readonly #known = new Map<string, Known>();
  readonly #ends: (() => void)[] = [];

  constructor(
    readonly panel: NotebookPanel,
    readonly base: Base,
  ) {
    void panel.context.ready.then(() => this.#begin());
    panel.disposed.connect(() => this.dispose());
  }

  #begin(): void {
    const { panel } = this;
    const { content, context, sessionContext } = panel;
    if (this.#ended || !panel.model) return;
    const sync = () => this.#syncSoon();
    const find = () => void this.#find();
    const wake = () => this.#askSoon();
    const hook = (_: unknown, message: Message) => {
      if (message.type === "after-show") wake();
      return true;
    };
    panel.model.cells.changed.connect(sync);
    content.modelChanged.connect(sync);
    context.pathChanged.connect(find);
    sessionContext.kernelChanged.connect(sync);
    this.base.nbtrack.settingsChanged.connect(sync);
    MessageLoop.installMessageHook(panel, hook);
    content.node.addEventListener("scroll", wake, { capture: true, passive: true });
    document.addEventListener("visibilitychange", wake);
    this.#ends.push(() => {
      this.base.nbtrack.settingsChanged.disconnect(sync);
      MessageLoop.removeMessageHook(panel, hook);
      content.node.removeEventListener("scroll", wake, { capture: true });
      document.removeEventListener("visibilitychange", wake);
      this.#deaf();
      clearTimeout(this.#timer);
    });
    this.#sync();
    find();
  }

  /** Which project the notebook belongs to, again when it has another path. */
  async #find(): Promise<void> {
    const info = await this.base.nbtrack.find(this.panel.context.localPath).catch(() => null);
    if (this.#ended) return;
    const moved = info?.project !== this.#info?.project;
    this.#info = info;
    this.#first = true;
    if (moved) {
      this.#deaf();
      this.#known.clear();
      this.#deaf = info ? this.base.nbtrack.transport(info.project).onRevision((one) => this.#heard(one)) : () => {};
    }
    this.#askSoon();
  }

  #heard(revision: number): void {
    this.#revision = revision;
    this.#askSoon();
  }

  /** All that happens in one turn of the page is looked at once, before it is painted. */
  #syncSoon(): void {
    if (!this.#synced) return;
    this.#synced = false;
    queueMicrotask(() => {
      this.#synced = true;
      if (this.#ended) return;
      this.#sync();
      this.#askSoon();
    });
  }

  get #on(): boolean {
    return this.base.nbtrack.settings.cellHistory && isPython(this.panel);
  }

  #sync(): void {
    for (const cell of this.panel.content.widgets) {
      if (cell.model.type === "code" && !this.#entries.has(cell)) this.#meet(cell);
      this.#put(cell);
    }
  }

  #meet(cell: Cell<ICellModel>): void {
    const put = () => this.#put(cell);
    cell.model.contentChanged.connect(put);
    const model = cell.model;
    this.#entries.set(cell, { strip: null, end: () => model.contentChanged.disconnect(put) });
    cell.disposed.connect(() => this.#entries.delete(cell));
    void cell.ready.then(put); // cells that were never seen have no parts yet
  }

  /** Gives a cell its line or takes it off, and fills it. */
  #put(cell: Cell<ICellModel>): void {
    const entry = this.#entries.get(cell);
    if (!entry || cell.isDisposed) return;
    const known = this.#known.get(cell.model.id);
    const wanted =
      !this.#ended && this.#on && (known?.history != null || isTracked(cell.model.sharedModel.getSource()));
    if (!wanted) {
      entry.strip?.dispose();
      entry.strip = null;
    } else if (entry.strip) {
      entry.strip.history = known?.history;
    } else {
      const here = new Here(this.base, this.panel, cell, () => this.#info);
      entry.strip = insert(cell, () => new StripWidget(here, known?.history));
    }
  }

  #askSoon(): void {
    if (this.#timer !== undefined || this.#ended) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, EVERY);
  }

  async #ask(): Promise<void> {
    const info = this.#info;
    if (this.#asking || this.#ended || !info || !this.#on || !this.panel.isVisible || document.hidden) return;
    const cells = this.#due();
    if (!cells.length) return;
    const [revision, first] = [this.#revision, this.#first];
    this.#asking = true;
    this.#first = false;
    try {
      const request = { notebook: info.inside, cells, limit: RUNS };
      const answer = await this.base.nbtrack.transport(info.project).ask("tables.history", request);
      if (info !== this.#info) return;
      const found = new Map(answer.cells.map((one) => [one.cell, one]));
      for (const id of cells) this.#known.set(id, { history: found.get(id) ?? null, revision });
      for (const cell of this.#entries.keys()) this.#put(cell);
    } catch {
      // What is shown stays. The next revision asks again; whether the server is there is said elsewhere.
      this.#first ||= first;
    } finally {
      this.#asking = false;
      if (this.#revision !== revision || info !== this.#info) this.#askSoon();
    }
  }

  /** The cells to ask about: all of them once, so that nothing moves when they are scrolled to; then those in sight. */
  #due(): string[] {
    const all = this.panel.content.widgets.filter(({ model }) => model.type === "code");
    const frame = this.panel.content.node.getBoundingClientRect();
    const due = all.filter(({ model, node }) => {
      const known = this.#known.get(model.id);
      if (!known || this.#first) return true;
      if (known.revision === this.#revision || !node.isConnected) return false;
      const own = node.getBoundingClientRect();
      return own.bottom > frame.top && own.top < frame.bottom;
    });
    return due.slice(0, MOST).map(({ model }) => model.id);
  }

  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const end of this.#ends) end();
    for (const { end } of this.#entries.values()) end();
    this.#entries.clear();
  }
}

/** Between input and output; null while the cell has no parts. The rest of the cell is left as it is. */
function insert(cell: Cell<ICellModel>, make: () => StripWidget): StripWidget | null {
  const layout = cell.layout as PanelLayout | null;
  const at = layout?.widgets?.findIndex((one) => one.hasClass("jp-Cell-inputWrapper")) ?? -1;
  if (!layout || at < 0) return null;
  const strip = make();
  layout.insertWidget(at + 1, strip);
  return strip;
}
