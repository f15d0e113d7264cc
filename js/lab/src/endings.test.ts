import { expect, test } from "vitest";
import { Claims, endings, isLong, patience } from "./endings";
import { row } from "./testing";

/** What several pages of a browser share. */
class Shelf {
  readonly kept = new Map<string, string>();
  full = false;
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new DOMException("full", "QuotaExceededError");
    this.kept.set(key, value);
  }
}

/** One holder at a time, in the order they came. */
class Locks {
  #last: Promise<unknown> = Promise.resolve();
  request = ((_: string, work: () => unknown) => {
    const turn = this.#last.then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return work();
    });
    this.#last = turn;
    return turn;
  }) as LockManager["request"];
}

test("an ending says the name, how it ended, how long it took and the main metric", () => {
  const metric = { name: "acc", value: 0.93, better: null, spark: [] };
  const [one] = endings([row({ name: "churn-42", duration: 125, metric })]);
  expect(one?.message).toBe("churn-42 finished after 2 min 5 s · acc 0.93");
  expect(one?.run?.name).toBe("churn-42");
});

test.each([
  ["finished", "success", "a finished after 10.0 s"],
  ["failed", "error", "a failed after 10.0 s"],
  ["crashed", "error", "a crashed after 10.0 s"],
  ["interrupted", "warning", "a was interrupted after 10.0 s"],
] as const)("a run that %s is a notification of the kind %s", (status, kind, message) => {
  expect(endings([row({ name: "a", status })])).toMatchObject([{ kind, message }]);
});

test("many that end together are one notification", () => {
  const four = ["finished", "crashed", "crashed", "finished"].map((status) => row({ status: status as "finished" }));
  expect(endings(four)).toEqual([{ message: "4 runs ended, 2 of them failed.", kind: "error", run: null }]);
  expect(endings(four.slice(0, 3))).toHaveLength(3);
  expect(endings([])).toEqual([]);
});

test("whatever a run is called, the text is one line that JupyterLab does not cut", () => {
  const metric = { name: "m\n".repeat(300), value: 1 / 3, better: null, spark: [] };
  const [one] = endings([row({ name: "<b>x</b>\n".repeat(50), status: "interrupted", metric })]);
  expect(one?.message.length).toBeLessThanOrEqual(140);
  expect(one?.message).not.toContain("\n");
});

test("a run is long from the first second that was asked for on", () => {
  expect(isLong(row({ duration: 60 }), 60)).toBe(true);
  expect(isLong(row({ duration: 59.9 }), 60)).toBe(false);
  expect(isLong(row({ duration: 0 }), 0)).toBe(true);
  expect(isLong(row({ duration: "NaN" }), 60)).toBe(false);
});

test("of two pages one has the ending", async () => {
  const [shelf, locks] = [new Shelf(), new Locks()];
  const pages = [new Claims(shelf, locks), new Claims(shelf, locks), new Claims(shelf, locks)];
  const found = await Promise.all(pages.map((page) => page.claim(["x a", "x b"])));
  expect(found.flat().sort()).toEqual(["x a", "x b"]);
});

test("without locks what another page has claimed before is its own, too", async () => {
  const shelf = new Shelf();
  expect(await new Claims(shelf, undefined).claim(["a"])).toEqual(["a"]);
  expect(await new Claims(shelf, undefined).claim(["a", "b"])).toEqual(["b"]);
});

test.each(["{", "7", '{"a": 1}', "[1, null]"])("that %s is stored there stops nothing", async (text) => {
  const shelf = new Shelf();
  shelf.kept.set("nbtrack:told", text);
  expect(await new Claims(shelf, undefined).claim(["a"])).toEqual(["a"]);
  expect(await new Claims(shelf, undefined).claim(["a"])).toEqual([]);
});

test("a browser that stores nothing still tells", async () => {
  const shelf = new Shelf();
  shelf.full = true;
  expect(await new Claims(shelf, undefined).claim(["a"])).toEqual(["a"]);
  expect(await new Claims(null, undefined).claim(["a"])).toEqual(["a"]);
});

test("what is remembered does not grow without end", async () => {
  const shelf = new Shelf();
  const claims = new Claims(shelf, undefined);
  for (let at = 0; at < 300; at += 1) await claims.claim([`run ${at}`]);
  expect(JSON.parse(shelf.kept.get("nbtrack:told") ?? "")).toHaveLength(100);
  expect(await claims.claim(["run 299"])).toEqual([]);
});

test("the page that the user looks at comes first, one that is hidden last", () => {
  const [looked, open, hidden] = [
    patience({ hidden: false, hasFocus: () => true }),
    patience({ hidden: false, hasFocus: () => false }),
    patience({ hidden: true, hasFocus: () => false }),
  ] as [number, number, number];
  expect(looked).toBe(0);
  expect(open).toBeGreaterThan(looked);
  expect(hidden).toBeGreaterThan(open);
});
