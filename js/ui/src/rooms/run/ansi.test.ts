import { expect, test } from "vitest";
import { ansi } from "./ansi";

const plain = (text: string) =>
  ansi(text)
    .map((one) => one.text)
    .join("");

test("colours and styles are taken on and off", () => {
  expect(ansi("\x1b[31mred\x1b[0m \x1b[1;34mbold\x1b[22m blue\x1b[39m")).toEqual([
    { text: "red", look: "nbt-ansi-red" },
    { text: " ", look: "" },
    { text: "bold", look: "nbt-ansi-bold nbt-ansi-blue" },
    { text: " blue", look: "nbt-ansi-blue" },
  ]);
});

test("text without escapes is one piece", () => {
  expect(ansi("epoch 1\tloss 0.2\n")).toEqual([{ text: "epoch 1\tloss 0.2\n", look: "" }]);
});

test("256 colours and true colours are numbers, whatever was written", () => {
  expect(ansi("\x1b[38;5;196mx")[0]?.color).toBe("rgb(255, 0, 0)");
  expect(ansi("\x1b[38;5;250mx")[0]?.color).toBe("rgb(188, 188, 188)");
  expect(ansi("\x1b[48;2;1;2;999mx")[0]?.background).toBe("rgb(1, 2, 255)");
  expect(ansi("\x1b[38;5;2mx")[0]).toEqual({ text: "x", look: "nbt-ansi-green" });
  expect(ansi("\x1b[38mx")[0]).toEqual({ text: "x", look: "" });
});

test("a title, a link and cursor movements show nothing", () => {
  expect(plain("\x1b]0;title\x07a\x1b]8;;javascript:alert(1)\x1b\\b\x1b]8;;\x1b\\\x1b[2K\x1b[3Ac\x1b(B")).toBe("abc");
});

test("markup stays text, and other control characters go", () => {
  expect(plain("<img src=x onerror=alert(1)>\x1b[31m</pre>\x00\x08\x9b")).toBe("<img src=x onerror=alert(1)></pre>");
});

test("an escape that was cut does not eat the text", () => {
  expect(plain("a\x1b[31")).toBe("a[31");
});

test("a long text of escapes takes no time to speak of", () => {
  const start = performance.now();
  ansi("\x1b[".repeat(200_000));
  ansi(`\x1b]${"x".repeat(1_200_000)}`);
  expect(performance.now() - start).toBeLessThan(10_000); // each looked at once: a busy machine needs a tenth of it
});
