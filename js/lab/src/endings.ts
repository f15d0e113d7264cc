// Which endings of runs are told, in which words, and by which of several pages.
import type { BriefRow } from "@nbtrack/ui/src/contract";
import { duration, number, oneLine, plural, toNumber } from "@nbtrack/ui/src/lib/format";

const NAME = 40; // characters; JupyterLab cuts what is longer than 140 in all
const METRIC = 24;
const TOGETHER = 3; // more that end at once are one notification
const KEPT = 100; // endings of which is remembered that they were told
const STORED = "nbtrack:told";

export interface Ending {
  message: string;
  kind: "success" | "warning" | "error";
  /** The run that it is about; null for several. */
  run: BriefRow | null;
}

/** What is to be told of runs that have ended. */
export function endings(runs: readonly BriefRow[]): Ending[] {
  if (runs.length <= TOGETHER) return runs.map(ending);
  const bad = runs.filter((run) => kind(run) === "error").length;
  const message = `${plural(runs.length, "run")} ended${bad ? `, ${bad} of them failed` : ""}.`;
  return [{ message, kind: bad ? "error" : "success", run: null }];
}

export function isLong(run: BriefRow, after: number): boolean {
  return toNumber(run.duration) >= after;
}

function ending(run: BriefRow): Ending {
  const how = run.status === "interrupted" ? "was interrupted" : run.status;
  const words = [`${oneLine(run.name, NAME)} ${how} after ${duration(toNumber(run.duration))}`];
  if (run.metric) words.push(`${oneLine(run.metric.name, METRIC)} ${number(toNumber(run.metric.value))}`);
  return { message: words.join(" · "), kind: kind(run), run };
}

function kind({ status }: BriefRow): Ending["kind"] {
  if (status === "failed" || status === "crashed") return "error";
  return status === "interrupted" ? "warning" : "success";
}

/** Sees to it that of all pages of this browser one tells of an ending. */
export class Claims {
  constructor(
    readonly storage: Pick<Storage, "getItem" | "setItem"> | null = stored(),
    readonly locks: Pick<LockManager, "request"> | undefined = globalThis.navigator?.locks,
  ) {}

  /** Which of these nobody has claimed; they are this page's from now on. */
  async claim(keys: readonly string[]): Promise<string[]> {
    if (!this.locks) return this.#claim(keys); // only pages from localhost or over https have locks
    return this.locks.request(STORED, () => this.#claim(keys));
  }

  #claim(keys: readonly string[]): string[] {
    const told = this.#told();
    const free = keys.filter((key) => !told.includes(key));
    if (free.length === 0) return [];
    try {
      this.storage?.setItem(STORED, JSON.stringify([...told, ...free].slice(-KEPT)));
    } catch {
      // Full or forbidden: then two pages may say the same, which is better than none.
    }
    return free;
  }

  #told(): string[] {
    try {
      const found: unknown = JSON.parse(this.storage?.getItem(STORED) ?? "[]");
      return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
    } catch {
      return [];
    }
  }
}

function stored(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null; // a browser may forbid even to look
  }
}

/** Milliseconds that a page waits before it claims: the one that the user looks at comes first. */
export function patience(page: Pick<Document, "hidden" | "hasFocus">): number {
  if (page.hidden) return 1500;
  return page.hasFocus() ? 0 : 500;
}
