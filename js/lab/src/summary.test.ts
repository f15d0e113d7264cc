import type { MainMetric } from "@nbtrack/ui/src/contract";
import { expect, test } from "vitest";
import { came, said, summary } from "./summary";
import { row } from "./testing";

const NOW = 1_800_000_000;
const METRIC = { name: "acc", value: 0.93, better: "max", spark: [] } satisfies MainMetric;
const last = (given: Parameters<typeof row>[0]) => row({ started: NOW - 200, ended: NOW - 190, ...given });
const page = (...rows: ReturnType<typeof row>[]) => ({
  rows: rows.slice(0, 1),
  running: rows.filter((run) => run.status === "running"),
  matched: rows.length,
  total: rows.length,
  revision: 1,
});
const words = (rows: ReturnType<typeof row>[]) => {
  const found = summary(page(...rows), NOW, NOW);
  return found && [found.parts.word, found.parts.name, ...found.parts.rest].filter(Boolean).join(" · ");
};

test("a project without runs has nothing to say", () => {
  expect(words([])).toBeNull();
});

test("the last result has its name, its main metric and when it was", () => {
  expect(words([last({ name: "churn-42", metric: METRIC })])).toBe("churn-42 · acc 0.93 · 3 min ago");
  expect(words([last({ name: "plain" })])).toBe("plain · 3 min ago");
});

test.each(["failed", "crashed", "interrupted"] as const)("a run that %s says so in a word", (status) => {
  expect(words([last({ name: "churn-42", status })])).toBe(`${status} · churn-42 · 3 min ago`);
});

test("what goes on is counted, however many have ended since", () => {
  const going = row({ status: "running" });
  expect(words([going])).toBe("1 running");
  expect(words([last({}), going, going])).toBe("2 running");
  expect(words(Array.from({ length: 20 }, () => going))).toBe("20+ running");
});

test("the tooltip of what goes on has the newest run's step, metric and time, and counts the others", () => {
  const going = row({ name: "churn-42", status: "running", duration: 12, metric: METRIC });
  const tip = (progress: { step: number; total: number | null } | null, ...others: ReturnType<typeof row>[]) =>
    summary(page({ ...going, progress }, ...others), NOW, NOW + 3)?.tooltip;
  expect(tip({ step: 34, total: 100 })).toBe("churn-42 · step 34 of 100 · acc 0.93 · 15.0 s\nClick to show the runs.");
  expect(tip({ step: 1234, total: null })).toContain("step 1,234 · acc");
  expect(tip(null, going, going)).toBe("churn-42 · acc 0.93 · 15.0 s\nand 2 other runs\nClick to show the runs.");
});

test("the tooltip of a result says how long it took", () => {
  const tip = summary(page(last({ name: "churn-42", duration: 65, metric: METRIC })), NOW, NOW)?.tooltip;
  expect(tip).toBe("churn-42 finished · acc 0.93\n3 min ago, after 1 min 5 s\nClick to show the runs.");
});

test("values that are no numbers, and times that are none, are said as such", () => {
  expect(words([last({ name: "a", metric: { ...METRIC, value: "NaN" } })])).toContain("acc nan");
  expect(words([last({ name: "a", metric: { ...METRIC, value: "-Infinity" } })])).toContain("acc -inf");
  expect(words([last({ name: "a", started: "NaN", ended: null })])).toBe("a · –");
});

test("a long name, and one of many lines, is one short line", () => {
  const found = summary(page(last({ name: `<img src=x onerror=alert(1)>\n${"long ".repeat(100)}` })), NOW, NOW);
  expect(found?.parts.name).toHaveLength(32);
  expect(found?.parts.name).toMatch(/^<img src=x onerror=alert\(1\)> .*…$/);
  expect(found?.tooltip.split("\n")).toHaveLength(3);
  const metric = { ...METRIC, name: "m".repeat(500) };
  expect(summary(page(last({ metric })), NOW, NOW)?.parts.rest[0]).toMatch(/^m{23}… 0\.93$/);
});

test("what is read aloud is a sentence, also of several", () => {
  const one = row({ name: "churn-42", metric: METRIC });
  expect(said([])).toBe("");
  expect(said([one])).toBe("churn-42 finished · acc 0.93.");
  expect(said([one, one])).toBe("2 runs ended.");
  expect(said([one, row({ status: "crashed" }), row({ status: "failed" })])).toBe("3 runs ended, 2 of them failed.");
  expect(came(row({ name: "a", status: "interrupted" }))).toBe("a was interrupted");
});
