import { AskError } from "@nbtrack/ui/src/api/transport";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Feed, feedOf, type News } from "./feed";
import { Runs, row } from "./testing";

let hidden = false;

beforeEach(() => {
  vi.useFakeTimers();
  hidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const ticks = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

function look(value: boolean): void {
  hidden = !value;
  document.dispatchEvent(new Event("visibilitychange"));
}

function feed(runs: Runs, always = false) {
  const heard: News[] = [];
  const one = new Feed(runs);
  const end = one.listen((news) => heard.push(news), always);
  return { one, heard, end };
}

test("what is there is asked once, and then only after a new revision", async () => {
  const runs = new Runs([row({ id: "a" })]);
  const { heard } = feed(runs);
  await ticks(60_000);
  expect(runs.asked).toBe(1);
  expect(heard.map((one) => one.page.rows[0]?.id)).toEqual(["a"]);
  runs.announce(runs.revision); // known already
  await ticks(60_000);
  expect(runs.asked).toBe(1);
  runs.change(() => {});
  await ticks(1000);
  expect(runs.asked).toBe(2);
});

test("many revisions in a second are one question", async () => {
  const runs = new Runs([row({ id: "a", status: "running" })]);
  feed(runs);
  await ticks(1000);
  for (let time = 0; time < 100; time += 1) {
    runs.change(() => {});
    await ticks(100);
  }
  await ticks(2000);
  expect(runs.asked).toBeGreaterThanOrEqual(9);
  expect(runs.asked).toBeLessThanOrEqual(13);
});

test("a change while it is asked is asked for afterwards", async () => {
  const runs = new Runs([row({ id: "a" })]);
  runs.delay = 5000;
  const { heard } = feed(runs);
  await ticks(1000);
  runs.change((all) => all.unshift(row({ id: "b" })));
  await ticks(20_000);
  expect(heard[heard.length - 1]?.page.rows[0]?.id).toBe("b");
});

test("while nobody sees the page nothing is asked, and once somebody does, it is", async () => {
  const runs = new Runs([row({ id: "a" })]);
  look(false);
  feed(runs);
  for (let time = 0; time < 10; time += 1) {
    runs.change(() => {});
    await ticks(2000);
  }
  expect(runs.asked).toBe(0);
  look(true);
  await ticks(0);
  expect(runs.asked).toBe(1);
  look(false);
  look(true); // nothing new
  await ticks(5000);
  expect(runs.asked).toBe(1);
});

test("who wants to know always, does", async () => {
  const runs = new Runs([row({ id: "a" })]);
  look(false);
  const { heard } = feed(runs, true);
  await ticks(0);
  expect(heard).toHaveLength(1);
});

test("a run that was running and ended is told with how it ended, once", async () => {
  const runs = new Runs([row({ id: "a", status: "running" }), row({ id: "old" })]);
  const { heard, one } = feed(runs);
  await ticks(1000);
  expect(one.busy).toBe(true);
  runs.end("a", "failed");
  await ticks(2000);
  expect(one.busy).toBe(false);
  runs.change(() => {});
  await ticks(2000);
  const ended = heard.flatMap((news) => news.ended);
  expect(ended.map((run) => [run.id, run.status])).toEqual([["a", "failed"]]);
});

test("what ended before somebody listened is not told", async () => {
  const runs = new Runs([row({ id: "a", status: "crashed" }), row({ id: "b" })]);
  const { heard } = feed(runs);
  await ticks(1000);
  expect(heard.flatMap((news) => news.ended)).toEqual([]);
});

test("runs too short to be seen running are told, and each of several", async () => {
  const runs = new Runs([row({ id: "old", started: 5000 })]);
  const { heard } = feed(runs);
  await ticks(1000);
  runs.change((all) => all.unshift(row({ id: "a", started: 6000, ended: 6001 })));
  await ticks(2000);
  runs.change((all) =>
    all.unshift(
      row({ id: "d", started: 7003, status: "running" }),
      row({ id: "c", started: 7000.5, ended: 7001, status: "failed" }),
      row({ id: "b", started: 7000, ended: 7002 }),
    ),
  );
  await ticks(2000);
  runs.end("d", "finished");
  await ticks(2000);
  expect(heard.map((news) => news.ended.map((run) => run.id))).toEqual([[], ["a"], ["c", "b"], ["d"]]);
});

test("runs of long ago that come back are no endings", async () => {
  const runs = new Runs([row({ id: "young", started: 5000 })]);
  const { heard } = feed(runs);
  await ticks(1000);
  runs.change((all) => all.push(row({ id: "restored", started: 3000 }), row({ id: "imported", started: 1 })));
  await ticks(2000);
  expect(heard.flatMap((news) => news.ended)).toEqual([]);
});

test("a run that ended long after younger ones is found", async () => {
  const young = Array.from({ length: 50 }, (_, at) => row({ id: `young${at}` }));
  const runs = new Runs([...young, row({ id: "long", status: "running" })]);
  const { heard } = feed(runs);
  await ticks(1000);
  runs.end("long", "finished");
  await ticks(2000);
  expect(heard.flatMap((news) => news.ended.map((run) => run.id))).toEqual(["long"]);
});

test("of more runs than a page names none is told to have ended that goes on", async () => {
  const many = Array.from({ length: 30 }, (_, at) => row({ id: `r${at}`, status: "running" }));
  const runs = new Runs(many);
  const { heard } = feed(runs);
  await ticks(1000);
  for (const id of ["r0", "r5", "r25"]) {
    runs.change((all) => all.unshift(row({ id: `new-${id}`, status: "running" }))); // moves others off the page
    await ticks(2000);
    runs.end(id, "finished");
    await ticks(2000);
  }
  expect(heard.flatMap((news) => news.ended.map((run) => run.id))).toEqual(["r0", "r5"]); // r25 was never seen
});

test("a run that was deleted while it went on is no ending", async () => {
  const runs = new Runs([row({ id: "a", status: "running" })]);
  const { heard, one } = feed(runs);
  await ticks(1000);
  runs.change((all) => all.pop());
  await ticks(2000);
  expect(heard.flatMap((news) => news.ended)).toEqual([]);
  expect(one.busy).toBe(false);
});

test("an id with a quote in it asks for nothing else", async () => {
  const runs = new Runs([row({ id: "a') or (id = 'b", status: "running" })]);
  feed(runs);
  await ticks(1000);
  runs.end("a') or (id = 'b", "finished");
  await ticks(2000);
  expect(runs.filters).toEqual(["id in ('a'') or (id = ''b')"]);
});

test("a server that is gone is asked less and less often, and what it says when it is back is told", async () => {
  const runs = new Runs([row({ id: "a", status: "running" })]);
  const { heard } = feed(runs);
  await ticks(1000);
  runs.error = new AskError({ code: "unreachable", message: "" });
  runs.end("a", "crashed");
  await ticks(300_000);
  expect(runs.asked).toBeLessThan(16);
  runs.error = null;
  await ticks(70_000);
  expect(heard.flatMap((news) => news.ended.map((run) => run.status))).toEqual(["crashed"]);
  const before = runs.asked;
  await ticks(300_000);
  expect(runs.asked).toBe(before);
});

test("an error that stays is not asked again before something changes", async () => {
  const runs = new Runs([]);
  runs.error = new AskError({ code: "newer", message: "made by a newer version" });
  const { heard } = feed(runs);
  await ticks(600_000);
  expect(runs.asked).toBe(1);
  runs.error = null;
  runs.change(() => {});
  await ticks(2000);
  expect(heard).toHaveLength(1);
});

test("a second listener hears at once what is known, and asks nothing", async () => {
  const runs = new Runs([row({ id: "a" })]);
  const { one } = feed(runs);
  await ticks(1000);
  const heard: News[] = [];
  one.listen((news) => heard.push(news));
  expect(heard.map((news) => news.page.rows[0]?.id)).toEqual(["a"]);
  await ticks(5000);
  expect(runs.asked).toBe(1);
});

test("when nobody listens nothing is asked, and an ending meanwhile is told to nobody", async () => {
  const runs = new Runs([row({ id: "a", status: "running" })]);
  const { one, end } = feed(runs);
  await ticks(1000);
  end();
  runs.end("a", "finished");
  await ticks(60_000);
  expect(runs.asked).toBe(1);
  expect(runs.listening).toBe(0);
  const heard: News[] = [];
  one.listen((news) => heard.push(news));
  await ticks(2000);
  expect(heard.map((news) => [news.page.rows[0]?.status, news.ended.length])).toEqual([["finished", 0]]);
});

test("an answer that comes when nobody listens any more is told to nobody who came later", async () => {
  const runs = new Runs([row({ id: "a", status: "running" })]);
  runs.delay = 3000;
  const { one, heard, end } = feed(runs);
  await ticks(1000);
  end();
  runs.delay = 0;
  runs.end("a", "finished");
  const later: News[] = [];
  one.listen((news) => later.push(news));
  await ticks(10_000);
  expect(heard).toEqual([]);
  expect(later.map((news) => [news.page.rows[0]?.status, news.ended.length])).toEqual([["finished", 0]]);
});

test("there is one feed for a way", () => {
  const [first, second] = [new Runs([]), new Runs([])];
  expect(feedOf(first)).toBe(feedOf(first));
  expect(feedOf(first)).not.toBe(feedOf(second));
});
