// The rows of one table, in blocks: asked for as they come into sight, kept a while, asked again when the project has
// changed. What was shown stays until something newer is there. No React in here.
import { isAbort } from "../../../api/transport";
import type { PageRequest, RunPage, RunRow } from "../../../contract";
import type { Selection } from "../../../state/runs";

export const BLOCK = 50; // rows that are asked for at once
const KEPT = 40; // blocks in memory, of all questions together
const QUESTIONS = 4; // questions whose rows are kept, so that going back shows rows at once
const TOGETHER = 3; // questions under way at once
const AHEAD = 2; // blocks that are asked for before they are seen

export type AskPage = (request: PageRequest, signal: AbortSignal) => Promise<RunPage>;

export interface Question {
  selection: Selection;
  sort: readonly string[];
}

interface Block {
  rows: RunRow[];
  columns: ReadonlySet<string>;
  /** Of when it tells: the count of changes heard of when it was asked for. */
  tick: number;
  /** When it came, by `performance.now()`: a running run's duration counts on from there. */
  came: number;
}

interface Answers {
  key: string;
  question: Question;
  blocks: Map<number, Block>;
  matched: number | undefined;
  total: number;
  error: unknown;
}

/** A question under way, for one block or some that follow one another: each question costs, wherever it begins. */
interface Flight {
  from: number;
  to: number;
  controller: AbortController;
  tick: number;
  columns: ReadonlySet<string>;
}

export class Blocks {
  readonly #ask: AskPage;
  /** Called when there is something else to show. */
  changed: () => void;
  #shown: Answers | null = null;
  #wanted: Answers | null = null;
  #kept: Answers[] = [];
  #columns: ReadonlySet<string> = new Set();
  #tick = 0;
  #first = 0;
  #last = BLOCK - 1;
  #down = true;
  /** It came here from far away: who looks for a place goes on from it far, too. */
  #jumped = false;
  #flights = new Set<Flight>();
  #places = new Map<string, number>();
  /** Counts how often rows of another question came to be shown. */
  turns = 0;

  constructor(ask: AskPage, changed: () => void = () => {}) {
    this.#ask = ask;
    this.changed = changed;
  }

  /** How many runs match; undefined before the first answer. */
  get matched(): number | undefined {
    return this.#shown?.matched;
  }
  /** How many runs there are, whatever is asked. */
  get total(): number {
    return this.#shown?.total ?? 0;
  }
  /** What is shown answers another question than the present one. */
  get stale(): boolean {
    return this.#shown !== this.#wanted;
  }
  get error(): unknown {
    return this.#wanted?.error;
  }
  /** What tells the rows that are shown from others. */
  get question(): string {
    return this.#shown?.key ?? "";
  }

  row(index: number): RunRow | undefined {
    return this.#block(index)?.rows[index % BLOCK];
  }
  /** Whether the row has been asked for with a column. */
  has(index: number, column: string): boolean {
    return this.#block(index)?.columns.has(column) ?? false;
  }
  came(index: number): number {
    return this.#block(index)?.came ?? 0;
  }
  /** Where a run stands, if its row is in memory. */
  placeOf(id: string): number | undefined {
    const place = this.#places.get(id);
    return place !== undefined && this.row(place)?.id === id ? place : undefined;
  }
  /** All rows in memory, in their order. */
  *rows(): Generator<RunRow> {
    const blocks = this.#shown?.blocks ?? new Map<number, Block>();
    for (const at of [...blocks.keys()].sort((a, b) => a - b)) yield* blocks.get(at)?.rows ?? [];
  }

  /** What the table is about, and the columns that are seen of it. */
  about(question: Question, columns: readonly string[]): void {
    const key = JSON.stringify(question);
    const added = columns.some((column) => !this.#columns.has(column));
    if (added || columns.length < this.#columns.size) this.#columns = new Set(columns);
    if (key === this.#wanted?.key) {
      if (added) this.#fill();
      return;
    }
    for (const flight of this.#flights) this.#giveUp(flight);
    const known = this.#kept.find((one) => one.key === key);
    const answers = known ?? { key, question, blocks: new Map(), matched: undefined, total: 0, error: undefined };
    answers.error = undefined;
    this.#kept = [answers, ...this.#kept.filter((one) => one !== answers)].slice(0, QUESTIONS);
    this.#wanted = answers;
    const at = answers.blocks.has(0);
    if (at) this.#turn(answers);
    this.#fill();
    if (at) this.changed();
  }

  /** The rows that are seen. */
  see(first: number, last: number): void {
    if (first === this.#first && last === this.#last) return;
    this.#down = first >= this.#first;
    this.#jumped = Math.abs(first - this.#first) > 2 * BLOCK;
    this.#first = first;
    this.#last = last;
    this.#fill();
  }

  /** The project has changed: what is seen is asked again, what is not when it is seen. */
  news(): void {
    this.#tick += 1;
    if (this.#wanted) this.#wanted.error = undefined;
    this.#fill();
  }

  close(): void {
    for (const flight of this.#flights) this.#giveUp(flight);
  }

  #block(index: number): Block | undefined {
    return this.#shown?.blocks.get(Math.floor(index / BLOCK));
  }

  /** Ask for what is missing of what is seen; when it is all there, for what is seen next. */
  #fill(): void {
    const wanted = this.#wanted;
    if (!wanted || wanted.error !== undefined) return;
    // Rows of another question are shown from the top.
    const height = this.#last - this.#first;
    const top = this.stale ? 0 : this.#first;
    const end = Math.min(top + height, (wanted.matched ?? Number.POSITIVE_INFINITY) - 1);
    const from = Math.floor(top / BLOCK);
    const to = Math.max(from, Math.floor(end / BLOCK));
    for (const flight of this.#flights) {
      if (flight.to < from - AHEAD || flight.from > to + AHEAD) this.#giveUp(flight);
    }
    const shown = (at: number) => wanted.blocks.has(at);
    const fresh = (at: number) => this.#covers(wanted.blocks.get(at)?.columns) && this.#isOf(wanted, at, this.#tick);
    for (const [one, other] of stretchesOf(from, to, (at) => !fresh(at) && !this.#underWay(at))) {
      this.#send(wanted, one, other);
    }
    if (this.#jumped) return;
    for (let at = from; at <= to; at++) if (!shown(at)) return;
    const most = Math.ceil((wanted.matched ?? 0) / BLOCK) - 1;
    const near = this.#down ? [to + 1, Math.min(to + AHEAD, most)] : [Math.max(0, from - AHEAD), from - 1];
    const missing = (at: number) => !this.#covers(wanted.blocks.get(at)?.columns) && !this.#underWay(at);
    for (const [one, other] of stretchesOf(near[0] ?? 0, near[1] ?? 0, missing)) this.#send(wanted, one, other);
  }

  #isOf(answers: Answers, at: number, tick: number): boolean {
    return (answers.blocks.get(at)?.tick ?? -1) >= tick;
  }

  #covers(columns: ReadonlySet<string> | undefined): boolean {
    if (!columns) return false;
    for (const column of this.#columns) if (!columns.has(column)) return false;
    return true;
  }

  /**
   * Whether a block is asked for already. A newer revision is asked for after that, or no answer would ever come while
   * a cell logs. Columns that it lacks are worth a question of their own.
   */
  #underWay(at: number): boolean {
    for (const flight of this.#flights) {
      if (at >= flight.from && at <= flight.to && this.#covers(flight.columns)) return true;
    }
    return false;
  }

  #giveUp(flight: Flight): void {
    flight.controller.abort();
    this.#flights.delete(flight);
  }

  #send(answers: Answers, from: number, to: number): void {
    for (const flight of this.#flights) {
      if (flight.from >= from && flight.to <= to) this.#giveUp(flight);
    }
    if (this.#flights.size >= TOGETHER) return;
    const flight = { from, to, controller: new AbortController(), tick: this.#tick, columns: this.#columns };
    this.#flights.add(flight);
    const { selection, sort } = answers.question;
    const window = { offset: from * BLOCK, limit: (to - from + 1) * BLOCK };
    const request = { ...selection, sort: [...sort], columns: [...flight.columns], ...window };
    this.#ask(request, flight.controller.signal).then(
      (page) => this.#flights.delete(flight) && this.#answer(answers, flight, page),
      (error: unknown) => this.#flights.delete(flight) && this.#failed(answers, error),
    );
  }

  #answer(answers: Answers, { from, to, columns, tick }: Flight, page: RunPage): void {
    answers.matched = page.matched;
    answers.total = page.total;
    answers.error = undefined;
    const came = performance.now();
    for (let at = from; at <= to; at++) {
      const rows = page.rows.slice((at - from) * BLOCK, (at - from + 1) * BLOCK);
      answers.blocks.set(at, { rows: kept(rows, answers.blocks.get(at), columns), columns, tick, came });
    }
    for (const at of [...answers.blocks.keys()]) {
      if (at * BLOCK >= Math.max(1, page.matched)) answers.blocks.delete(at);
    }
    if (answers === this.#wanted && this.stale) this.#turn(answers);
    for (let at = from; at <= to; at++) this.#place(at, answers.blocks.get(at)?.rows ?? []);
    this.#forget();
    this.#fill();
    this.changed();
  }

  #failed(answers: Answers, error: unknown): void {
    if (isAbort(error)) return;
    answers.error = error;
    this.changed();
  }

  #turn(answers: Answers): void {
    this.#shown = answers;
    this.turns += 1;
    this.#last -= this.#first;
    this.#first = 0;
    this.#places.clear();
    for (const [at, block] of answers.blocks) this.#place(at, block.rows);
  }

  #place(at: number, rows: readonly RunRow[]): void {
    rows.forEach((row, index) => void this.#places.set(row.id, at * BLOCK + index));
  }

  /** Blocks far from what is seen go first, those of other questions before them. */
  #forget(): void {
    let count = this.#kept.reduce((sum, one) => sum + one.blocks.size, 0);
    const seen = Math.floor((this.#first + this.#last) / 2 / BLOCK);
    for (const one of [...this.#kept].reverse()) {
      const far = [...one.blocks.keys()].sort((a, b) => Math.abs(b - seen) - Math.abs(a - seen));
      for (const at of far) {
        if (count <= KEPT) return;
        if (one === this.#shown) for (const row of one.blocks.get(at)?.rows ?? []) this.#places.delete(row.id);
        one.blocks.delete(at);
        count -= 1;
      }
    }
  }
}

/** The stretches of from … to (inclusive) in which something holds. */
function* stretchesOf(from: number, to: number, holds: (at: number) => boolean): Generator<[number, number]> {
  let start: number | null = null;
  for (let at = from; at <= to + 1; at++) {
    if (at <= to && holds(at)) start ??= at;
    else if (start !== null) {
      yield [start, at - 1];
      start = null;
    }
  }
}

/** A row that has not changed stays the same object, so that it need not be drawn again. */
function kept(rows: RunRow[], before: Block | undefined, columns: ReadonlySet<string>): RunRow[] {
  if (!before || before.columns !== columns) return rows;
  const old = new Map(before.rows.map((row) => [row.id, row]));
  return rows.map((row) => {
    const same = old.get(row.id);
    return same && same.revision === row.revision && row.status !== "running" && same.status === row.status
      ? same
      : row;
  });
}
