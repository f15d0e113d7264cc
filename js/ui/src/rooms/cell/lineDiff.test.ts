import { expect, test } from "vitest";
import { lineDiff } from "./lineDiff";

const short = (before: string, after: string) =>
  lineDiff(before, after).map(({ kind, text, left, right }) => `${kind[0]}${left ?? ""},${right ?? ""} ${text}`.trim());

test("A changed line goes and comes where it stands", () => {
  expect(short("a\nlr = 1\nb", "a\nlr = 2\nb")).toEqual(["s1,1 a", "l2, lr = 1", "r,2 lr = 2", "s3,3 b"]);
});

test("Lines far from a change are left out, and equal texts have none", () => {
  const many = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const found = lineDiff(many.join("\n"), many.with(10, "new").join("\n"));
  expect(found.map(({ kind }) => kind)).toEqual([
    "gap",
    "same",
    "same",
    "same",
    "left",
    "right",
    "same",
    "same",
    "same",
    "gap",
  ]);
  expect(lineDiff("a\nb", "a\nb").filter(({ kind }) => kind !== "gap")).toEqual([]);
});

test("Each side can be told from the difference of small texts", () => {
  const words = ["a", "b", "c"];
  const text = (number: number) =>
    Array.from({ length: 4 }, (_, at) => words[Math.floor(number / 3 ** at) % 3]).join("\n");
  for (let left = 0; left < 81; left += 2) {
    for (let right = 0; right < 81; right += 5) {
      const found = lineDiff(text(left), text(right));
      if (found.some(({ kind }) => kind === "gap")) continue;
      const side = (kind: string) => found.filter((one) => one.kind === "same" || one.kind === kind);
      expect(
        side("left")
          .map((one) => one.text)
          .join("\n"),
      ).toBe(left === right ? "" : text(left));
      expect(
        side("right")
          .map((one) => one.text)
          .join("\n"),
      ).toBe(left === right ? "" : text(right));
    }
  }
});
