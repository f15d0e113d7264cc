// The rows of the list, in blocks that are asked for as they come into sight, with what goes on now. What was shown stays
// until something newer is there. While nobody sees it, it asks nothing. No React in here.
import { AskError, isAbort } from "../../api/transport";
import type { BriefRow, BrowsePage, BrowseRequest } from "../../contract";

export const BLOCK = 50; // rows that are asked for at once
const EVERY = 250; // milliseconds between two questions because of changes
const RETRY = 5000; // milliseconds after which what did not answer is asked again
const KEPT = 40; // blocks in memory of one question
const QUESTIONS = 4; // questions whose rows are kept, so that going back shows rows at once
const PASSING = new Set(["unreachable", "timeout", "http"]); // errors that may be over a little later

export type Question = Pick<BrowseRequest, "notebook" | "filter" | "also" | "sort" | "metric">;
export type AskBrowse = (request: BrowseRequest, signal: AbortSignal) => Promise<BrowsePage>;

/** A row, and when it was so: a running run's duration counts on from there. Unix seconds of this machine. */
export interface Held {
  row: BriefRow;
  came: number;
}

interface Block {
  rows: Held[];
  tick: number;
}

interface Answers {
  key: string;
  question: Question;
  blocks: Map<number, Block>;
  matched: number | undefined;
  total: number;
}

interface Flight {
  answers: Answers;
  from: number;
  to: number;
  tick: number;
  controller: AbortController;
}

export class RunList {
  /** Called when there is something else to show. */
  changed: () => void = () => {};
  running: Held[] = [];
  /** What is wrong with the filter. The rows that were shown stay, and follow the project further. */
  mistake: AskError | null = null;
  /** Why there is no answer. */
  error: AskError | null = null;
  /** Counts how often rows of another question came to be shown. */
  turns = 0;
  readonly #ask: AskBrowse;
  #asked = "";
  #wanted: Answers | null = null;
  #shown: Answers | null = null;
  #kept: Answers[] = [];
  #flight: Flight | null = null;
  #tick = 0;
  #first = 0;
  #last = 14;
  #visible = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #latest = 0; // when it was asked last

  constructor(ask: AskBrowse) {
    this.#ask = ask;
  }

  /** How many runs match; undefined before the first answer. */
  get matched(): number | undefined {
    return this.#shown?.matched;
  }
  /** How many there are in the notebook or project, whatever is filtered. */
  get total(): number | undefined {
    return this.#shown?.matched === undefined ? undefined : this.#shown.total;
  }
  /** What is shown answers another question than the present one. */
  get stale(): boolean {
    return this.#shown?.key !== this.#asked;
  }
  /** The question whose rows are shown. */
  get question(): Question | undefined {
    return this.#shown?.question;
  }

  at(index: number): Held | undefined {
    return this.#shown?.blocks.get(Math.floor(index / BLOCK))?.rows[index % BLOCK];
  }

  /** Where a run stands, if its row is in memory. */
  placeOf(id: string): number | undefined {
    for (const [at, { rows }] of this.#shown?.blocks ?? []) {
      const place = rows.findIndex((one) => one.row.id === id);
      if (place >= 0) return at * BLOCK + place;
    }
    return undefined;
  }

  find(id: string): BriefRow | undefined {
    const place = this.placeOf(id);
    return (place === undefined ? this.running.find((one) => one.row.id === id) : this.at(place))?.row;
  }

  /** All rows in memory. */
  *rows(): Generator<BriefRow> {
    for (const { rows } of this.#shown?.blocks.values() ?? []) for (const { row } of rows) yield row;
  }

  /** What the list is about. The question before it is given up. */
  about(question: Question): void {
    const key = JSON.stringify(question);
    if (key === this.#asked) return;
    this.#asked = key;
    this.mistake = null;
    this.error = null;
    this.#giveUp();
    const known = this.#kept.find((one) => one.key === key);
    this.#wanted = known ?? { key, question, blocks: new Map(), matched: undefined, total: 0 };
    this.#keep(this.#wanted);
    if (known?.blocks.has(0)) this.#turn(known);
    for (const block of this.#wanted.blocks.values()) block.tick = -1;
    this.#fill();
    this.changed();
  }

  /** The rows that are seen. */
  see(first: number, last: number): void {
    if (first === this.#first && last === this.#last) return;
    this.#first = first;
    this.#last = last;
    this.#fill();
  }

  /** Whether anybody sees it. */
  show(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    if (visible) this.again();
    else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#giveUp();
    }
  }

  /** The project has changed. at once: by the user's own hand. */
  news(atOnce = false): void {
    this.#tick += 1;
    this.error = null;
    if (atOnce) this.#latest = 0;
    this.#fill();
  }

  /** Ask again after an error. */
  again(): void {
    this.news(true);
  }

  /** What an edit of one's own makes of a row, before the answer says it. */
  patch(id: string, change: Partial<BriefRow>): void {
    const apply = (held: Held) => (held.row.id === id ? { ...held, row: { ...held.row, ...change } } : held);
    for (const block of this.#shown?.blocks.values() ?? []) block.rows = block.rows.map(apply);
    this.running = this.running.map(apply);
    this.changed();
  }

  #keep(answers: Answers): void {
    this.#kept = [answers, ...this.#kept.filter((one) => one !== answers)].slice(0, QUESTIONS);
  }

  #giveUp(): void {
    this.#flight?.controller.abort();
    this.#flight = null;
  }

  /** Ask for what is seen and missing at once, for what has changed in a while, for what is seen next when all is there. */
  #fill(): void {
    const wanted = this.#wanted;
    if (!wanted || !this.#visible || this.#flight || this.error) return;
    const top = wanted === this.#shown ? this.#first : 0;
    const end = Math.min(top + this.#last - this.#first, (wanted.matched ?? Number.POSITIVE_INFINITY) - 1);
    const from = Math.floor(top / BLOCK);
    const to = Math.max(from, Math.floor(end / BLOCK));
    const inSight = Array.from({ length: to - from + 1 }, (_, at) => from + at);
    const missing = inSight.some((at) => !wanted.blocks.has(at));
    const most = Math.ceil((wanted.matched ?? 0) / BLOCK) - 1;
    if (missing) this.#send(wanted, from, to);
    else if (inSight.some((at) => (wanted.blocks.get(at)?.tick ?? 0) < this.#tick)) this.#later(wanted, from, to);
    else if (to < most && !wanted.blocks.has(to + 1)) this.#send(wanted, to + 1, to + 1);
  }

  #later(wanted: Answers, from: number, to: number): void {
    if (this.#timer !== undefined && this.#latest) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const wait = this.#latest + EVERY - Date.now();
    const due = () => {
      this.#timer = undefined;
      this.#latest = 0;
      this.#fill();
    };
    if (wait > 0) this.#timer = setTimeout(due, wait);
    else this.#send(wanted, from, to);
  }

  #send(answers: Answers, from: number, to: number): void {
    const flight: Flight = { answers, from, to, tick: this.#tick, controller: new AbortController() };
    this.#flight = flight;
    this.#latest = Date.now();
    const request = { ...answers.question, offset: from * BLOCK, limit: (to - from + 1) * BLOCK };
    this.#ask(request, flight.controller.signal).then(
      (page) => this.#flight === flight && this.#answer(flight, page),
      (error: unknown) => this.#flight === flight && this.#failed(flight, error),
    );
  }

  #answer({ answers, from, to, tick }: Flight, page: BrowsePage): void {
    this.#flight = null;
    this.error = null;
    answers.matched = page.matched;
    answers.total = page.total;
    const came = Date.now() / 1000;
    for (let at = from; at <= to; at++) {
      const rows = page.rows.slice((at - from) * BLOCK, (at - from + 1) * BLOCK);
      answers.blocks.set(at, { rows: kept(rows, answers.blocks.get(at)?.rows ?? [], came), tick });
    }
    this.running = kept(page.running, this.running, came);
    for (const at of [...answers.blocks.keys()]) {
      if (at * BLOCK >= Math.max(1, page.matched)) answers.blocks.delete(at);
    }
    if (answers === this.#wanted && answers !== this.#shown) this.#turn(answers);
    this.#forget(answers);
    this.#fill();
    this.changed();
  }

  #failed({ answers }: Flight, error: unknown): void {
    this.#flight = null;
    if (isAbort(error)) return;
    const known = error instanceof AskError ? error : new AskError({ code: "internal", message: String(error) });
    if (known.code === "filter" && answers.key === this.#asked) {
      this.mistake = known;
      this.#kept = this.#kept.filter((one) => one !== answers);
      // The rows that are shown go on; where there are none yet, those without a filter are.
      const question = { ...answers.question, filter: "" };
      this.#wanted = this.#shown ?? { key: "", question, blocks: new Map(), matched: undefined, total: 0 };
      if (answers.question.filter || this.#shown) this.#fill();
      else this.error = known;
    } else {
      this.error = known;
      if (PASSING.has(known.code) && this.#visible) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          if (this.error === known) this.again();
        }, RETRY);
      }
    }
    this.changed();
  }

  #turn(answers: Answers): void {
    this.#shown = answers;
    this.turns += 1;
    this.#last -= this.#first;
    this.#first = 0;
  }

  /** Blocks far from what is seen go. */
  #forget({ blocks }: Answers): void {
    if (blocks.size <= KEPT) return;
    const seen = Math.floor((this.#first + this.#last) / 2 / BLOCK);
    const far = [...blocks.keys()].sort((a, b) => Math.abs(b - seen) - Math.abs(a - seen));
    for (const at of far.slice(0, blocks.size - KEPT)) blocks.delete(at);
  }
}

/** A row that has not changed stays the same object, so that it need not be drawn again. */
function kept(rows: readonly BriefRow[], before: readonly Held[], came: number): Held[] {
  const old = new Map(before.map((held) => [held.row.id, held]));
  return rows.map((row) => {
    const same = old.get(row.id);
    return same && row.status !== "running" && JSON.stringify(same.row) === JSON.stringify(row) ? same : { row, came };
  });
}
