// What goes on in a project and what came out last, asked once for all who want to know: the status bar, notifications.
import { AskError, type Transport } from "@nbtrack/ui/src/api/transport";
import type { BriefRow, BrowsePage } from "@nbtrack/ui/src/contract";

export interface News {
  page: BrowsePage;
  /** Runs that have ended since the news before, the first that ended first. */
  ended: BriefRow[];
}

type Tell = (news: News) => void;
type Asker = Pick<Transport, "ask" | "onRevision">;

const GAP = 1000; // milliseconds between two questions: a run that logs moves the revision many times a second
const UNSEEN = 5; // times that gap while nobody sees the page
const AGAIN = ["unreachable", "timeout", "http"]; // what may be over by itself
const MOST = 100; // runs of which the end is asked at once

export class Feed {
  readonly #listeners = new Map<Tell, boolean>();
  #running: ReadonlySet<string> = new Set();
  #news: News | null = null;
  #newest = 0; // when the youngest run that is known began
  #stale = true;
  #asking = false;
  #asked = Number.NEGATIVE_INFINITY;
  #failed = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: (() => void) | null = null;

  constructor(
    readonly transport: Asker,
    readonly gap = GAP,
  ) {}

  /** Calls back with what is known, and with all that changes. always: also while nobody sees the page. */
  listen(tell: Tell, always = false): () => void {
    this.#listeners.set(tell, always);
    if (this.#news) tell({ page: this.#news.page, ended: [] });
    this.#end ??= this.#begin();
    this.#look();
    return () => {
      this.#listeners.delete(tell);
      if (this.#listeners.size > 0) return;
      this.#end?.();
      this.#end = null;
    };
  }

  /** Whether a run goes on, as far as is known. */
  get busy(): boolean {
    return this.#running.size > 0;
  }

  #begin(): () => void {
    const deaf = this.transport.onRevision((revision) => {
      if (revision === this.#news?.page.revision) return;
      this.#stale = true;
      this.#look();
    });
    const seen = () => {
      this.#wait(undefined); // it may be a long one, from when nobody looked
      this.#look();
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      deaf();
      document.removeEventListener("visibilitychange", seen);
      this.#wait(undefined);
      // Whoever listens next hears of what is so then, not of all that ended meanwhile.
      this.#running = new Set();
      this.#news = null;
      this.#newest = 0;
      this.#stale = true;
    };
  }

  /** Asks now or a little later, if there is something to ask and somebody who wants to know. */
  #look(): void {
    if (!this.#stale || this.#asking || this.#timer !== undefined) return;
    if (document.hidden && ![...this.#listeners.values()].includes(true)) return;
    const gap = this.gap * (document.hidden ? UNSEEN : 1) * 2 ** Math.min(this.#failed, 6);
    const wait = this.#asked + gap - Date.now();
    if (wait <= 0) void this.#ask();
    else this.#wait(wait);
  }

  #wait(milliseconds: number | undefined): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (milliseconds === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, milliseconds);
  }

  async #ask(): Promise<void> {
    const session = this.#end;
    this.#asking = true;
    this.#stale = false;
    this.#asked = Date.now();
    try {
      const page = await this.transport.ask("tables.browse", { limit: 1 });
      const { ended, running } = await this.#endings(page);
      this.#failed = 0;
      if (session === this.#end) {
        this.#running = running;
        this.#newest = Math.max(this.#newest, ...page.rows.map(begun));
        this.#tell({ page, ended });
      }
    } catch (error) {
      // What is shown stays. Where the server cannot be reached there may be no further revision that would ask again.
      if (!(error instanceof AskError)) console.error("nbtrack: a view could not show what is new.", error);
      this.#failed += 1;
      this.#stale ||= error instanceof AskError && AGAIN.includes(error.code);
    } finally {
      this.#asking = false;
      if (this.#end) this.#look();
    }
  }

  /** Which runs have ended, and which go on. */
  async #endings(page: BrowsePage): Promise<{ ended: BriefRow[]; running: Set<string> }> {
    const running = new Set(page.running.map((run) => run.id));
    const gone = [...this.#running].filter((id) => !running.has(id)).slice(0, MOST);
    const [rows, short] = await Promise.all([this.#named(gone), this.#short(page)]);
    // Of very many that go on at once the page names only some.
    for (const run of rows) if (run.status === "running") running.add(run.id);
    const ended = [...rows, ...short.filter((run) => !gone.includes(run.id))].filter((run) => run.status !== "running");
    return { ended: ended.sort((a, b) => Number(a.ended) - Number(b.ended)), running };
  }

  async #named(runs: readonly string[]): Promise<BriefRow[]> {
    if (runs.length === 0) return [];
    const ids = runs.map((id) => `'${id.replaceAll("'", "''")}'`).join(", ");
    return (await this.transport.ask("tables.browse", { filter: `id in (${ids})`, limit: MOST })).rows;
  }

  /** Runs that have begun since the news before; some were never seen running. */
  async #short(page: BrowsePage): Promise<BriefRow[]> {
    const count = Math.min(MOST, page.total - (this.#news?.page.total ?? page.total));
    if (count <= 0) return [];
    const rows = count === 1 ? page.rows : (await this.transport.ask("tables.browse", { limit: count })).rows;
    return rows.filter((run) => begun(run) > this.#newest);
  }

  #tell(news: News): void {
    this.#news = news;
    for (const tell of [...this.#listeners.keys()]) tell(news);
  }
}

const begun = (run: BriefRow) => Number(run.started) || 0;

const feeds = new WeakMap<Asker, Feed>();

/** The one feed of a way to a project. */
export function feedOf(transport: Asker): Feed {
  let found = feeds.get(transport);
  if (!found) {
    found = new Feed(transport);
    feeds.set(transport, found);
  }
  return found;
}
