import { expect, test } from "vitest";
import { isBegun, narrowed, offers, pointed, take, toPoints, toUnits, wordAt } from "./completion";

const word = (text: string, caret = text.length) => text.slice(...wordAt(text, caret));

test("The word at the caret is the same that Python takes for unfinished", () => {
  expect(word("params.lr < 1 and met")).toBe("met");
  expect(word("params.l")).toBe("params.l");
  expect(word('tags."a b"')).toBe('b"');
  expect(word("status in ('fai")).toBe("'fai");
  expect(word("params.lr ")).toBe("");
  expect(word("größe")).toBe("größe");
  expect(word("params.lr < 1", 3)).toBe("params.lr");
});

test("Places are counted in characters for Python, in UTF-16 units for the box", () => {
  expect(toPoints("😀 lr", 3)).toBe(2);
  expect(toUnits("😀 lr", 2)).toBe(3);
  expect(toUnits("ab", 99)).toBe(2);
});

test("A completion takes the whole word's place and leaves room to type on", () => {
  expect(take("params.l", 8, "params.lr")).toEqual({ text: "params.lr ", caret: 10 });
  expect(take("par < 1", 2, "params.lr")).toEqual({ text: "params.lr < 1", caret: 9 });
  expect(take("params.lr ", 10, "in")).toEqual({ text: "params.lr in (", caret: 14 });
  expect(take("status in ('f)", 13, "'failed'")).toEqual({ text: "status in ('failed')", caret: 19 });
  expect(take("😀 pa", 5, "params.lr")).toEqual({ text: "😀 params.lr ", caret: 13 });
});

test("What stands there already is no offer", () => {
  expect(offers(["params.lr"], "PARAMS.lr")).toEqual([]);
  expect(offers(["params.lr", "params.lr2"], "params.lr")).toHaveLength(2);
});

test("Of what was offered, only what fits the longer word stays, and not that word itself", () => {
  expect(narrowed(["params.depth", "params.lr", "params.lr2"], "PARAMS.L")).toEqual(["params.lr", "params.lr2"]);
  expect(narrowed(["params.depth", "params.lr"], "params.lr")).toEqual([]);
  expect(narrowed(["params.depth"], "")).toEqual([]);
});

test("A lone field is an expression that was begun, and words are not", () => {
  for (const text of ["params.l", "metrics.", "not (tags.stage", "status", 'params."a']) {
    expect([text, isBegun(text.replace("not (", "not "))]).toEqual([text, true]);
  }
  for (const text of ["forest", "forest digits", "params", "params.lr <", "my status"]) {
    expect([text, isBegun(text)]).toEqual([text, false]);
  }
});

test("A mistake is pointed at without the drawing that Python makes for a terminal", () => {
  const message = "Expected a value.\n  params.lr < and\n              ^\n";
  expect(pointed(message, "params.lr < and", 12)).toEqual({
    message: "Expected a value.",
    excerpt: ["params.lr < ", "and", ""],
  });
  expect(pointed("Expected more.", "😀 <", 3)).toEqual({ message: "Expected more.", excerpt: ["😀 <", "", ""] });
  expect(pointed("The server cannot be reached.", "x", null).excerpt).toBeNull();
});

test("A long filter is shown around its mistake only", () => {
  const text = `${"a".repeat(500)} ${"b".repeat(200)} ${"c".repeat(500)}`;
  const [before = "", piece = "", after = ""] = pointed("No.", text, 501).excerpt ?? [];
  expect(before.length).toBeLessThan(40);
  expect(piece.length).toBeLessThan(70);
  expect(after.length).toBeLessThan(40);
});
