import { expect, test } from "vitest";
import { brief, NOW } from "./fixture";
import { elapsed, share, stepOf, tagText, took, tooltip } from "./words";

test("A running run's time goes on from when it was told; that of an ended one stays", () => {
  const row = brief(0, { status: "running", duration: 5 });
  expect(took({ row, came: NOW }, NOW + 3)).toBe(8);
  expect(took({ row: { ...row, status: "finished" }, came: NOW }, NOW + 3)).toBe(5);
});

test("Seconds are told whole while they pass", () => {
  expect(elapsed(3.9)).toBe("3 s");
  expect(elapsed(64.2)).toBe("1 min 4 s");
  expect(elapsed(-2)).toBe("0 s");
});

test("A share is known only where the whole is, and never more than all", () => {
  expect(share({ step: 5, total: null })).toBeNull();
  expect(share({ step: 5, total: 0 })).toBeNull();
  expect(share({ step: 30, total: 20 })).toBe(1);
  expect(stepOf({ step: 1200, total: 2000 })).toBe("step 1,200 of 2,000");
});

test("A tag without a text of its own is its name", () => {
  expect(tagText("best", "true")).toBe("best");
  expect(tagText("stage", "draft")).toBe("stage: draft");
});

test("A tooltip holds the note and is cut where a text is very long", () => {
  const text = tooltip(brief(0, { note: "n".repeat(5000), name: "a\nb" }));
  expect(text.startsWith("a b\n")).toBe(true);
  expect(text.length).toBeLessThan(900);
});
