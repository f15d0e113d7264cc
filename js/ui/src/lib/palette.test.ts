import { expect, test } from "vitest";
import { inOrder, sign, signs } from "./palette";

// The expectations are what nbtrack/charts/palette.py answers.
test.each([
  ["6d3def6c8df1", "#c0699b", "★"],
  ["abc", "#a569ff", "▲"],
  ["ü-☃", "#9600ff", "●"],
  ["0123456789ab", "#d55e00", "✚"],
])("run %s has the colour and shape that Python gives it", (id, colour, glyph) => {
  expect(sign(id)).toMatchObject({ colour, glyph });
});

test("runs that share a colour differ by their dash, in the order given", () => {
  const ids = Array.from({ length: 200 }, (_, at) => `run-${at}`);
  const found = signs(ids);
  const dashes = new Map<string, string[]>();
  for (const { colour, dash } of found.values()) dashes.set(colour, [...(dashes.get(colour) ?? []), dash.join()]);
  for (const own of dashes.values()) expect(new Set(own.slice(0, 6)).size).toBe(6);
  expect(found.get("run-0")?.colour).toBe(sign("run-0").colour);
});

test("groups are told apart by place, twelve colours first", () => {
  const found = [...inOrder(Array.from({ length: 24 }, (_, at) => `g${at}`)).values()];
  expect(new Set(found.slice(0, 12).map((one) => one.colour)).size).toBe(12);
  expect(found[12]?.dash).not.toEqual(found[0]?.dash);
});
