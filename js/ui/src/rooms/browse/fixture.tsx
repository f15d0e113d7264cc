// For the tests: a list over made-up runs, with a page that writes down what is asked of it.
import { act, fireEvent, render, screen } from "@testing-library/preact";
import { vi } from "vitest";
import { type Answers, FakeTransport } from "../../api/fake";
import { AskError } from "../../api/transport";
import type { BriefRow, BrowsePage, BrowseRequest, RunPage } from "../../contract";
import type { Host, HostCommand, Spot } from "./host";
import { Sidebar } from "./Sidebar";

export const NOW = 1_795_266_500;

export function brief(at: number, change: Partial<BriefRow> = {}): BriefRow {
  return {
    id: `r${at}`,
    name: `run ${at}`,
    status: "finished",
    experiment: "digits",
    started: NOW - 200 - at,
    ended: NOW - 140 - at,
    duration: 60,
    notebook: at % 3 ? "train.ipynb" : "eval.ipynb",
    cell: null,
    execution: 1,
    parent: null,
    note: "",
    starred: false,
    end_reason: null,
    tags: {},
    metric: { name: "acc", value: 0.5 + at / 1000, better: "max", spark: [0.1, 0.3, 0.5 + at / 1000] },
    progress: null,
    ...change,
  };
}

/** A project that can be changed; it answers as Python would, where a filter is a part of a name, or "bad…". */
export class Project {
  rows: BriefRow[];
  running: BriefRow[] = [];
  revision = 1;
  trashed: BriefRow[] = [];
  readonly transport: FakeTransport;

  constructor(count: number, answers: Answers = {}) {
    this.rows = Array.from({ length: count }, (_, at) => brief(at));
    const done = (text: string) => ({ text, count: 1, revision: ++this.revision, undo: true });
    this.transport = new FakeTransport({
      "tables.browse": (request) => this.browse(request),
      "runs.page": (request) => {
        const { matched, total } = this.browse({ notebook: request.notebook, limit: 0 });
        const { offset = 0, limit = 100 } = request;
        const rows = this.rows.slice(offset, offset + limit) as unknown as RunPage["rows"];
        return { rows, matched, total, offset, revision: this.revision };
      },
      "runs.keys": () => ({ keys: [] }),
      "runs.complete": () => ({ words: [] }),
      "runs.edit": ({ runs, starred, name }) => {
        this.rows = this.rows.map((row) =>
          runs.includes(row.id) ? { ...row, starred: starred ?? row.starred, name: name ?? row.name } : row,
        );
        return done("Edited 1 run.");
      },
      "runs.trash": ({ runs }) => {
        this.trashed = this.rows.filter((row) => runs.includes(row.id));
        this.rows = this.rows.filter((row) => !runs.includes(row.id));
        return done(`Moved ${runs.length} runs to the trash.`);
      },
      "runs.restore": () => {
        this.rows = [...this.trashed, ...this.rows];
        return done("Took them out of the trash.");
      },
      ...answers,
    });
  }

  browse({ filter = "", also = [], notebook = null, offset = 0, limit = 50 }: BrowseRequest): BrowsePage {
    if (filter.startsWith("bad")) {
      const message = `Expected a value, found the end.\n  ${filter}\n  ^\n`;
      throw new AskError({ code: "filter", message, hint: "Write a number.", column: 4 });
    }
    const scope = this.rows.filter((row) => notebook === null || row.notebook === notebook);
    const kept = scope.filter((row) => !also.includes("starred = true") || row.starred);
    const found = kept.filter((row) => row.name.includes(filter));
    const rows = found.slice(offset, offset + limit);
    return { rows, running: this.running, matched: found.length, total: scope.length, revision: this.revision };
  }

  /** Something changed it: views hear of it. */
  async change(change: () => void): Promise<void> {
    change();
    this.revision += 1;
    await act(async () => this.transport.announce(this.revision));
    await pass(300);
  }

  /** The short lists that were asked for. */
  get asked(): BrowseRequest[] {
    return this.transport.of("tables.browse");
  }
}

export interface Shown {
  project: Project;
  ran: { command: HostCommand; given: unknown }[];
  again: ReturnType<typeof vi.fn>;
  /** Draw it once more with something else. */
  to(change: Partial<Given>): Promise<void>;
}

interface Given {
  project: Project;
  visible: boolean;
  notebook: string | null;
  name: string;
  trouble: { message: string; hint?: string } | null;
  cannot: readonly HostCommand[];
}

export async function show(project: Project, first: Partial<Given> = {}): Promise<Shown> {
  const ran: Shown["ran"] = [];
  const again = vi.fn();
  let given: Given = {
    project,
    visible: true,
    notebook: null,
    name: "churn",
    trouble: null,
    cannot: [],
    ...first,
  };
  const host: Host = {
    can: (command) => !given.cannot.includes(command),
    run: async (command, args) => void ran.push({ command, given: args }),
  };
  const element = () => {
    const { name, notebook, visible, trouble } = given;
    const spot: Spot = { project: name, name, notebook, transport: given.project.transport };
    return (
      <Sidebar
        spot={trouble ? null : spot}
        trouble={trouble}
        host={host}
        visible={visible}
        directions={{}}
        again={again}
      />
    );
  };
  const drawn = render(element());
  await pass();
  const to = async (change: Partial<Given>) => {
    given = { ...given, ...change };
    drawn.rerender(element());
    await pass();
  };
  return { project, ran, again, to };
}

/** Lets time pass. Several times: what one time sets off is drawn at its end, and asks its question then. */
export async function pass(ms = 0): Promise<void> {
  for (const part of [ms, 0, 0, 0]) {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(part);
    });
  }
}

export const names = () => [...document.querySelectorAll(".nbt-side-row .nbt-side-name")].map((one) => one.textContent);
export const rowOf = (name: string) =>
  screen.getAllByRole("row").find((row) => row.querySelector(".nbt-side-name")?.textContent === name) as HTMLElement;
export const box = () => screen.getByRole("combobox") as HTMLInputElement;

export const grid = () => screen.getByRole("grid");
export const press = (key: string, more: KeyboardEventInit = {}) => fireEvent.keyDown(grid(), { key, ...more });

/** What the notices at the bottom say. */
export const said = () => [...document.querySelectorAll(".nbt-toast > span")].map((one) => one.textContent);
