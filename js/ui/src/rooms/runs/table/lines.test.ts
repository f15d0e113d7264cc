import { describe, expect, it } from "vitest";
import type { Group } from "../../../contract";
import { groupedLines, plainLines } from "./lines";
import { idsOf, MOST, stretches } from "./picking";

const group = (value: string, runs: number): Group => ({ value, where: `params.x = '${value}'`, runs, metrics: {} });
const GROUPS = [group("a", 3), group("b", 0), group("c", 2)];
const open = (...values: string[]) => new Set(values.map((value) => `params.x = '${value}'`));

describe("lines", () => {
  it("are runs where nothing is grouped", () => {
    const lines = plainLines(5);
    expect(lines.count).toBe(5);
    expect(lines.line(4)).toEqual({ kind: "run", at: 4, group: null });
    expect(lines.line(5)).toBeUndefined();
  });

  it("are groups, and the runs of those that are unfolded below them", () => {
    const lines = groupedLines(GROUPS, open("a", "c"), (one) => one.runs);
    const text = Array.from({ length: lines.count }, (_, at) => {
      const line = lines.line(at);
      return line?.kind === "group" ? String(line.group.value) : `${line?.group?.value}${line?.at}`;
    });
    expect(text).toEqual(["a", "a0", "a1", "a2", "b", "c", "c0", "c1"]);
    expect(lines.lineOf(1, GROUPS[2] ?? null)).toBe(7);
    expect(lines.line(8)).toBeUndefined();
    expect(groupedLines([], new Set(), () => 0).count).toBe(0);
  });
});

describe("the runs between two lines", () => {
  it("are found group by group, from either end", () => {
    const lines = groupedLines(GROUPS, open("a", "c"), (one) => one.runs);
    const expected = [
      { where: "params.x = 'a'", first: 1, last: 2 },
      { where: "params.x = 'c'", first: 0, last: 1 },
    ];
    expect(stretches({ lines }, 2, 7)).toEqual(expected);
    expect(stretches({ lines }, 7, 2)).toEqual(expected);
  });

  it("are asked for only where some are not in memory, without any columns", async () => {
    const asked: unknown[] = [];
    const ask = async (request: { offset?: number; limit?: number }) => {
      asked.push(request);
      const rows = Array.from({ length: request.limit ?? 0 }, (_, at) => ({ id: `r${(request.offset ?? 0) + at}` }));
      return { rows, matched: 0, total: 0, offset: 0, revision: 1 } as never;
    };
    const stretch = { where: null, first: 2, last: 4 };
    expect(await idsOf((at) => `r${at}`, stretch, {}, ask)).toEqual(["r2", "r3", "r4"]);
    expect(asked).toEqual([]);
    const found = await idsOf((at) => (at === 3 ? undefined : `r${at}`), stretch, { filter: "x" }, ask);
    expect(found).toEqual(["r2", "r3", "r4"]);
    expect(asked).toEqual([{ filter: "x", columns: [], offset: 2, limit: 3 }]);
    const many = await idsOf(() => undefined, { where: null, first: 0, last: 99_999 }, {}, ask);
    expect(many).toHaveLength(MOST);
  });
});
