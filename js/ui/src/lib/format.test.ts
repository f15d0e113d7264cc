import { describe, expect, test } from "vitest";
import {
  ago,
  columnFormat,
  duration,
  number,
  oneLine,
  percent,
  plural,
  signed,
  size,
  toNumber,
  value,
  when,
} from "./format";

// The expectations are what nbtrack/base/words.py writes for the same values: the panel and %track ls agree.
describe("a metric's value", () => {
  test.each([
    [0, "0"],
    [1, "1"],
    [0.5, "0.5"],
    [0.123456, "0.1235"],
    [12345.6, "12,346"],
    [1000000000.5, "1e+09"],
    [1.5e-7, "1.5e-07"],
    [1e16, "1e+16"],
    [123456789.123, "123,456,789"],
    [Number.NaN, "nan"],
    [Number.NEGATIVE_INFINITY, "-inf"],
    [Number.POSITIVE_INFINITY, "inf"],
    [0.00009, "9e-05"],
  ])("%d reads %s", (given, text) => expect(number(given)).toBe(text));

  test("numbers of one column have their points under one another", () => {
    const write = columnFormat([0.5, 0.25, 0.12345]);
    expect([0.5, 0.25, 0.12345, Number.NaN].map(write)).toEqual(["0.5000", "0.2500", "0.1235", "nan"]);
    const large = columnFormat([12.5, 250.25, 100]);
    expect([12.5, 250.25, 100].map(large)).toEqual(["12.50", "250.25", "100.00"]);
  });

  test("a column that spans too many powers of ten falls back to significant digits", () => {
    expect(columnFormat([1e-9, 1])(1e-9)).toBe("1e-09");
  });

  test("what travels as a word is a number again", () => {
    expect(toNumber("NaN")).toBeNaN();
    expect(toNumber("-Infinity")).toBe(Number.NEGATIVE_INFINITY);
    expect(toNumber(null)).toBeNaN();
  });
});

describe("a param's value", () => {
  test.each([
    [null, "None"],
    [true, "True"],
    [0.1, "0.1"],
    [1e-5, "1e-05"],
    ["a b", "a b"],
    [" ", '" "'],
    ["line\nbreak", "line break"],
  ])("%j reads %s", (given, text) => expect(value(given)).toBe(text));

  test("a value of a million characters is cut", () => expect(value("x".repeat(1e6)).length).toBe(200));
  test("cutting keeps one line", () => expect(oneLine("a\n\n b  c", 3)).toBe("a …"));
  test("what a run does not have is a dash", () => expect(value(undefined)).toBe("–"));
});

describe("times and sizes", () => {
  test.each([
    [0.0001, "< 1 ms"],
    [0.34, "340 ms"],
    [1.2, "1.2 s"],
    [59.96, "1 min"],
    [184, "3 min 4 s"],
    [7500, "2 h 5 min"],
    [90000, "1 d 1 h"],
    [Number.NaN, "–"],
  ])("%d seconds read %s", (given, text) => expect(duration(given)).toBe(text));

  test.each([
    [812, "812 B"],
    [1234, "1.2 kB"],
    [99960, "100 kB"],
    [1.2e6, "1.2 MB"],
    [5e12, "5.0 TB"],
    [999.6, "1.0 kB"],
  ])("%d bytes read %s", (given, text) => expect(size(given)).toBe(text));

  test("a moment is told by how long ago it was, then by its date", () => {
    expect(ago(1000, 1004)).toBe("just now");
    expect(ago(1000, 1000 + 65)).toBe("1 min ago");
    expect(ago(0, 8 * 86400)).toBe(when(0, 8 * 86400));
  });
});

describe("differences", () => {
  test("have their sign", () =>
    expect([signed(-0.5), signed(0.25), signed(Number.NaN)]).toEqual(["−0.5", "+0.25", "nan"]));
  test("in percent of the old value", () => expect([percent(1.1, 1), percent(5, 1)]).toEqual(["+10.0%", "+400%"]));
  test("of nothing are not said", () => expect(percent(1, 0)).toBe(""));
  test("words follow numbers", () => expect([plural(1, "run"), plural(1312, "run")]).toEqual(["1 run", "1,312 runs"]));
});
