// What the tests of this folder share: a project without a server.
import type { AnswerOf, OperationName, RequestOf } from "@nbtrack/ui/src/api/transport";
import type { BriefRow, BrowsePage, BrowseRequest } from "@nbtrack/ui/src/contract";

const MOST_RUNNING = 20;

export function row(given: Partial<BriefRow>): BriefRow {
  const running = given.status === "running";
  return {
    id: "r",
    name: given.id ?? "run",
    status: "finished",
    experiment: "default",
    started: 1000,
    ended: running ? null : 1010,
    duration: 10,
    notebook: "a.ipynb",
    cell: "c",
    execution: 1,
    parent: null,
    note: "",
    starred: false,
    end_reason: null,
    tags: {},
    metric: null,
    progress: null,
    ...given,
  };
}

/** The runs of a project, the newest first, and the answers of `tables.browse` about them. */
export class Runs {
  revision = 1;
  asked = 0;
  delay = 0;
  error: Error | null = null;
  readonly filters: string[] = [];
  readonly #tell = new Set<(revision: number) => void>();

  constructor(readonly all: BriefRow[]) {}

  get listening(): number {
    return this.#tell.size;
  }

  onRevision(tell: (revision: number) => void): () => void {
    this.#tell.add(tell);
    return () => void this.#tell.delete(tell);
  }

  announce(revision: number): void {
    for (const tell of this.#tell) tell(revision);
  }

  change(edit: (all: BriefRow[]) => void): void {
    edit(this.all);
    this.revision += 1;
    this.announce(this.revision);
  }

  end(id: string, status: BriefRow["status"], duration = 10): void {
    this.change((all) => {
      const one = all.find((run) => run.id === id);
      if (one) Object.assign(one, { status, duration, ended: Number(one.started) + duration });
    });
  }

  async ask<K extends OperationName>(op: K, request: RequestOf<K>): Promise<AnswerOf<K>> {
    if (op !== "tables.browse") throw new Error(`${op} is not asked here`);
    const { filter, limit = 50 } = request as BrowseRequest;
    if (filter) this.filters.push(filter);
    else this.asked += 1;
    const ids = filter && [...filter.matchAll(/'((?:[^']|'')*)'/g)].map(([, id]) => id?.replaceAll("''", "'"));
    const found = this.all.filter((run) => !ids || ids.includes(run.id));
    const page: BrowsePage = structuredClone({
      rows: found.slice(0, limit),
      running: this.all.filter((run) => run.status === "running").slice(0, MOST_RUNNING),
      matched: found.length,
      total: this.all.length,
      revision: this.revision,
    });
    if (this.delay) await new Promise((resolve) => setTimeout(resolve, this.delay));
    if (this.error) throw this.error;
    return page as AnswerOf<K>;
  }
}
