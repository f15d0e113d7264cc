import { expect, test, vi } from "vitest";
import { Completion, magicLine, type Words } from "./completion";

test.each([
  ["%track ", "%track "],
  ["%track compare", "%track compare"],
  ["x = 1\n%track ls", "%track ls"],
  ["if x:\n    %track ls", "    %track ls"],
  ["%%track --no", "%%track --no"],
  ["\n\n%%track ", "%%track "],
])("in %j it is the line that is completed", (before, line) => {
  expect(magicLine(before)).toBe(line);
});

test.each([
  "",
  "%track",
  "%tracker x",
  "%%track",
  "x = '%track '",
  "x = 1\n%%track ", // a cell magic is none further down
  " %%track ",
  "%track ls\n",
  "%%track name\nlr = ",
  `%track ${"x".repeat(3000)}`,
])("in %j nothing is ours", (before) => {
  expect(magicLine(before)).toBeNull();
});

test("words replace what is typed of them", async () => {
  const ask = vi.fn(async () => ({ words: ["compare"], start: 7 }));
  const text = "x = 1\n%track com\ny = 2";
  const found = await new Completion(ask).at(text, 16);
  expect(ask).toHaveBeenCalledWith("%track com", expect.anything());
  expect(found).toEqual({ start: 13, end: 16, items: [{ label: "compare", type: "nbtrack" }] });
  expect(text.slice(found.start, found.end)).toBe("com");
});

test("characters outside of the basic plane count as JupyterLab counts them", async () => {
  const text = "# 😀😀\n%track show 😀 ch";
  const offset = [...text].length;
  const line = "%track show 😀 ch";
  const start = line.length - 2;
  const found = await new Completion(async () => ({ words: ["churn-42"], start })).at(text, offset);
  expect([...text].slice(found.start, found.end).join("")).toBe("ch");
});

test("on other lines nothing is asked", async () => {
  const ask = vi.fn(async () => ({ words: ["no"], start: 0 }));
  expect((await new Completion(ask).at("import os", 9)).items).toEqual([]);
  expect(ask).not.toHaveBeenCalled();
});

test("an error is nothing to offer", async () => {
  const found = await new Completion(() => Promise.reject(new Error("no server"))).at("%track l", 8);
  expect(found).toEqual({ start: 8, end: 8, items: [] });
});

test("a new question gives up the one before, whose late answer is nothing", async () => {
  const signals: AbortSignal[] = [];
  const answers: ((words: Words) => void)[] = [];
  const completion = new Completion((_, signal) => {
    signals.push(signal);
    return new Promise((resolve) => answers.push(resolve));
  });
  const first = completion.at("%track l", 8);
  const second = completion.at("%track ls", 9);
  answers[1]?.({ words: ["ls"], start: 7 });
  answers[0]?.({ words: ["ls"], start: 7 });
  expect((await first).items).toEqual([]);
  expect((await second).items).toHaveLength(1);
  expect(signals.map((signal) => signal.aborted)).toEqual([true, false]);
});

test("leaving the line gives the question up, too", async () => {
  let aborted = () => false;
  const completion = new Completion((_, signal) => {
    aborted = () => signal.aborted;
    return new Promise(() => {});
  });
  void completion.at("%track l", 8);
  await completion.at("x", 1);
  expect(aborted()).toBe(true);
});
