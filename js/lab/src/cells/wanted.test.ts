import { expect, test } from "vitest";
import { inWords, read } from "./wanted";

const ASKED = { v: 1, run: "aa", name: "n", cell: "c1", text: "x = 1", below: false, params: false, at: "c2" };
const change = (name: string, left: number, right: number) => ({ what: "param" as const, name, left, right });

test("Only what an nbtrack of this version sends is taken, and only as what it is", () => {
  expect(read(ASKED)).toEqual(ASKED);
  expect(read({ ...ASKED, cell: "", below: "yes", at: 7 })).toEqual({ ...ASKED, cell: null, at: null });
  for (const bad of [undefined, null, [], "x", {}, { ...ASKED, v: 2 }, { ...ASKED, text: 7 }, { ...ASKED, run: null }])
    expect(read(bad as never)).toBeNull();
  expect(read({ ...ASKED, text: "x".repeat((1 << 20) + 1) })).toBeNull();
});

test("Params are named with their values, those that the cell does not set too", () => {
  expect(inWords({ changed: [change("lr", 0.5, 0.1)], missing: [] }, "otter")).toBe(
    "1 param of otter is in the cell: lr 0.5 → 0.1.",
  );
  expect(inWords({ changed: [], missing: [change("depth", 1, 2)] }, "otter")).toBe(
    "The cell has the params of otter already. Not set in the cell: depth.",
  );
  const many = Array.from({ length: 6 }, (_, at) => change(`p${at}`, 0, at));
  expect(inWords({ changed: many, missing: [] }, "otter")).toMatch(/p3 0 → 3 and 2 more\.$/);
});
