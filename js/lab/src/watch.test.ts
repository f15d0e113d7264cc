import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Feed } from "./feed";
import { Runs, row } from "./testing";
import { Watch } from "./watch";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const ticks = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

function watching() {
  const projects = { a: new Runs([row({ id: "a1", status: "running" })]), b: new Runs([row({ id: "b1" })]) };
  const feeds = { a: new Feed(projects.a), b: new Feed(projects.b) };
  const told: string[] = [];
  const watch = new Watch(
    (project) => feeds[project as "a" | "b"],
    (project, ended) => told.push(`${project}: ${ended.map((run) => `${run.id} ${run.status}`).join(", ")}`),
  );
  return { ...projects, told, watch };
}

test("an ending in the project that the user is at is told", async () => {
  const { a, told, watch } = watching();
  watch.go("a");
  await ticks(1000);
  a.end("a1", "failed");
  await ticks(2000);
  expect(told).toEqual(["a: a1 failed"]);
});

test("a run that goes on in a project the user has left is followed to its end, and no further", async () => {
  const { a, b, told, watch } = watching();
  watch.go("a");
  await ticks(1000);
  watch.go("b");
  await ticks(1000);
  expect([a.listening, b.listening]).toEqual([1, 1]);
  a.end("a1", "finished");
  await ticks(2000);
  expect(told).toEqual(["a: a1 finished"]);
  expect([a.listening, b.listening]).toEqual([0, 1]);
});

test("a project where nothing goes on is left with the user", async () => {
  const { a, b, watch } = watching();
  watch.go("b");
  await ticks(1000);
  watch.go("a");
  watch.go("a");
  await ticks(1000);
  expect([a.listening, b.listening]).toEqual([1, 0]);
});

test("where there is no project nothing is followed but what goes on", async () => {
  const { a, told, watch } = watching();
  watch.go("a");
  await ticks(1000);
  watch.go(null);
  a.end("a1", "crashed");
  await ticks(2000);
  expect(told).toEqual(["a: a1 crashed"]);
  expect(a.listening).toBe(0);
});

test("once the user wants none any more nothing is followed or told", async () => {
  const { a, told, watch } = watching();
  watch.go("a");
  await ticks(1000);
  watch.stop();
  expect(a.listening).toBe(0);
  a.end("a1", "finished");
  await ticks(2000);
  watch.go("a");
  await ticks(2000);
  expect(told).toEqual([]);
});
