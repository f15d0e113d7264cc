import { expect, test } from "vitest";
import { codeFor, isTracked, needsMagics, trackChange, trackLine } from "./source";

const turned = (source: string, on: boolean, line?: string): string => {
  const change = trackChange(source, on, line);
  return change ? source.slice(0, change.start) + change.text + source.slice(change.end) : source;
};

test.each([
  ["%%track", true],
  ["%%track name --tag a=b\nx = 1", true],
  ["\n  \n%%track\nx = 1", true],
  ["%%track\r\nx = 1", true],
  ["%%tracked\nx = 1", false],
  ["%%time\n%%track\nx = 1", false],
  ["x = 1\n%%track", false],
  [" %%track", false],
  ["%track ls", false],
  ["", false],
])("Whether %j is tracked: %j", (source, tracked) => {
  expect(isTracked(source)).toBe(tracked);
});

test.each(["", "x = 1", "%%time\nx = 1", "\nx = 1", "x\r\ny"])("The line comes into %j and out again", (source) => {
  const on = turned(source, true);
  expect(on).toBe(`%%track\n${source}`);
  expect(turned(on, true)).toBe(on);
  expect(turned(on, false)).toBe(source);
  expect(turned(source, false)).toBe(source);
});

test("The line's options come back with it", () => {
  const source = "%%track a --note 'b c'  \nx = 1";
  expect(trackLine(source)).toBe("%%track a --note 'b c'");
  expect(turned("x = 1", true, trackLine(source) ?? "")).toBe("%%track a --note 'b c'\nx = 1");
  expect(trackLine("x = 1")).toBeNull();
});

test("Lines for the magics are known wherever they stand", () => {
  expect(["%%track\n", "x\n%track ls", "  %track panel"].map(needsMagics)).toEqual([true, true, true]);
  expect(["x = 1", "# %track", "%tracker"].map(needsMagics)).toEqual([false, false, false]);
});

test("Code that was kept without the line leaves that of the cell where it is", () => {
  expect(codeFor("x = 1", "%%track a\nx = 2")).toBe("%%track a\nx = 1");
  expect(codeFor("%%track b\nx = 1", "%%track a\nx = 2")).toBe("%%track b\nx = 1");
  expect(codeFor("x = 1", "x = 2")).toBe("x = 1");
});
