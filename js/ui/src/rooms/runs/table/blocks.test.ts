import { describe, expect, it, vi } from "vitest";
import type { PageRequest, RunPage } from "../../../contract";
import { row } from "../toolbar/fixture";
import { BLOCK, Blocks, type Question } from "./blocks";

const SELECTION = { filter: "", also: [], experiment: null, notebook: null, trashed: false };
const about = (filter = "", sort: string[] = []): Question => ({ selection: { ...SELECTION, filter }, sort });

/** Answers that are given when the test says so. */
class Server {
  count = 1000;
  revision = 1;
  readonly asked: {
    request: PageRequest;
    signal: AbortSignal;
    answer: (page: RunPage) => void;
    fail: (error: unknown) => void;
  }[] = [];

  ask = (request: PageRequest, signal: AbortSignal) =>
    new Promise<RunPage>((answer, fail) => {
      signal.addEventListener("abort", () => fail(new DOMException("Given up.", "AbortError")));
      this.asked.push({ request, signal, answer, fail });
    });

  page({ offset = 0, limit = 0, filter = "" }: PageRequest): RunPage {
    const last = Math.min(this.count, offset + limit);
    const rows = Array.from({ length: Math.max(0, last - offset) }, (_, at) =>
      row(`${filter}${offset + at}`, { revision: this.revision }),
    );
    return { rows, matched: this.count, total: this.count, offset, revision: this.revision };
  }

  /** Answer all that is asked, and what is asked because of it. */
  async settle(most = 20): Promise<void> {
    for (let turn = 0; turn < most; turn++) {
      const waiting = this.asked.filter((one) => !one.signal.aborted);
      if (!this.asked.length) return;
      this.asked.length = 0;
      for (const one of waiting) one.answer(this.page(one.request));
      await Promise.resolve();
      await Promise.resolve();
    }
  }

  offsets = () => this.asked.filter((one) => !one.signal.aborted).map((one) => one.request.offset);
}

function blocks(changed = () => {}) {
  const server = new Server();
  return { server, own: new Blocks(server.ask, changed) };
}

describe("rows in blocks", () => {
  it("asks for what is seen, then for the next two blocks, and for nothing more", async () => {
    const { server, own } = blocks();
    own.see(0, 30);
    own.about(about(), ["params.lr"]);
    expect(server.asked.map((one) => one.request)).toEqual([
      { ...SELECTION, sort: [], columns: ["params.lr"], offset: 0, limit: BLOCK },
    ]);
    expect(own.matched).toBeUndefined();
    const first = server.asked[0];
    first?.answer(server.page(first.request));
    await Promise.resolve();
    expect(own.matched).toBe(1000);
    expect(own.row(7)?.id).toBe("7");
    expect(server.offsets().slice(1)).toEqual([BLOCK]);
    expect(server.asked.at(-1)?.request.limit).toBe(2 * BLOCK);
    await server.settle();
    expect(own.row(3 * BLOCK)).toBeUndefined();
  });

  it("asks once for what is seen of two blocks", async () => {
    const { server, own } = blocks();
    own.about(about(), []);
    await server.settle();
    own.see(540, 560);
    expect(server.asked.map(({ request }) => [request.offset, request.limit])).toEqual([[500, 100]]);
    await server.settle();
    expect([own.row(549)?.id, own.row(550)?.id]).toEqual(["549", "550"]);
    // After a jump nothing is asked for ahead: the next one goes elsewhere.
    expect(own.row(600)).toBeUndefined();
    own.see(545, 565);
    await server.settle();
    expect(own.row(600)?.id).toBe("600");
  });

  it("keeps the rows of the old question until the new one is answered, and then starts at the top", async () => {
    const { server, own } = blocks();
    own.about(about(), []);
    await server.settle();
    own.see(300, 330);
    await server.settle();
    own.about(about("x"), []);
    expect(own.stale).toBe(true);
    expect(own.row(310)?.id).toBe("310");
    expect(server.offsets()).toEqual([0]);
    const turns = own.turns;
    await server.settle();
    expect(own.stale).toBe(false);
    expect(own.turns).toBe(turns + 1);
    expect(own.row(0)?.id).toBe("x0");
  });

  it("shows rows at once that were asked for before", async () => {
    const changed = vi.fn();
    const { server, own } = blocks(changed);
    own.about(about("a"), []);
    await server.settle();
    own.about(about("b"), []);
    await server.settle();
    changed.mockClear();
    own.about(about("a"), []);
    expect(own.row(0)?.id).toBe("a0");
    expect(own.stale).toBe(false);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it("gives up questions of an older selection, whose answers then say nothing", async () => {
    const { server, own } = blocks();
    own.about(about("old"), []);
    const old = server.asked[0];
    own.about(about("new"), []);
    expect(old?.signal.aborted).toBe(true);
    await server.settle();
    expect(own.row(0)?.id).toBe("new0");
    expect(own.error).toBeUndefined();
  });

  it("asks again for what is seen when the project has changed, one question after the other", async () => {
    const { server, own } = blocks();
    own.see(0, 20);
    own.about(about(), []);
    await server.settle();
    server.revision = 2;
    for (let tick = 0; tick < 5; tick++) own.news();
    expect(server.offsets()).toEqual([0]);
    const first = server.asked[0];
    own.news();
    first?.answer(server.page(first.request));
    await Promise.resolve();
    await Promise.resolve();
    // The news that came meanwhile.
    expect(server.offsets().slice(1)).toEqual([0]);
    await server.settle();
    expect(own.row(3)?.revision).toBe(2);
    expect(own.row(BLOCK + 3)?.revision).toBe(1);
  });

  it("keeps the same object for a row that has not changed", async () => {
    const { server, own } = blocks();
    own.about(about(), ["params.lr"]);
    await server.settle();
    const before = own.row(4);
    own.news();
    await server.settle();
    expect(own.row(4)).toBe(before);
    server.revision = 9;
    own.news();
    await server.settle();
    expect(own.row(4)).not.toBe(before);
  });

  it("asks again for columns that its rows do not have, and shows the rows meanwhile", async () => {
    const { server, own } = blocks();
    own.about(about(), ["params.lr"]);
    await server.settle();
    own.about(about(), ["params.lr", "params.depth"]);
    expect(own.row(0)?.id).toBe("0");
    expect(own.has(0, "params.depth")).toBe(false);
    expect(server.asked[0]?.request.columns).toEqual(["params.lr", "params.depth"]);
    await server.settle();
    expect(own.has(0, "params.depth")).toBe(true);
    own.about(about(), ["params.depth"]);
    expect(server.asked).toEqual([]);
  });

  it("gives up blocks that were passed by, and asks for where it came to stand", async () => {
    const { server, own } = blocks();
    own.about(about(), []);
    await server.settle();
    own.see(200, 220);
    const passed = server.asked[0];
    own.see(800, 820);
    expect(passed?.signal.aborted).toBe(true);
    expect(server.offsets()).toEqual([800]);
  });

  it("forgets blocks far away, so that a long way costs no memory", async () => {
    const { server, own } = blocks();
    server.count = 100_000;
    own.about(about(), []);
    await server.settle();
    for (let first = 0; first < 90_000; first += 1500) {
      own.see(first, first + 30);
      await server.settle();
      expect(own.row(first)?.id).toBe(String(first));
    }
    expect([...own.rows()].length).toBeLessThanOrEqual(40 * BLOCK);
    expect(own.row(0)).toBeUndefined();
    expect(own.placeOf("0")).toBeUndefined();
    expect(own.placeOf("88500")).toBe(88_500);
  });

  it("keeps what it shows when a question fails, says so, and asks again with the next news only", async () => {
    const { server, own } = blocks();
    own.about(about(), []);
    await server.settle();
    own.news();
    const error = new Error("away");
    server.asked[0]?.fail(error);
    await Promise.resolve();
    await Promise.resolve();
    expect(own.error).toBe(error);
    expect(own.row(0)?.id).toBe("0");
    server.asked.length = 0;
    own.see(5, 25);
    expect(server.asked).toEqual([]);
    own.news();
    await server.settle();
    expect(own.error).toBeUndefined();
  });

  it("drops blocks behind the end when fewer runs match", async () => {
    const { server, own } = blocks();
    own.about(about(), []);
    await server.settle();
    own.see(100, 130);
    await server.settle();
    server.count = 30;
    own.see(0, 20);
    own.news();
    await server.settle();
    expect(own.matched).toBe(30);
    expect(own.row(110)).toBeUndefined();
    expect([...own.rows()]).toHaveLength(30);
  });
});
