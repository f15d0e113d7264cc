import { expect, test } from "vitest";
import { marked, plainLines, pythonLines } from "./highlight";

const text = (source: string) =>
  pythonLines(source)
    .map((line) => line.map((piece) => piece.text).join(""))
    .join("\n");
const looks = (source: string) =>
  pythonLines(source)
    .flat()
    .filter(({ look }) => look);

const SOURCES = [
  "",
  "\n\n",
  "import os\nlr = 0.1  # rate\n",
  "def f(x: int = 3) -> str:\n    '''Two\n    lines'''\n    return f'{x!r:>{10}} <b>'\n",
  "@cache\nclass A(B):\n    x: 'A' = None\n",
  "s = '<img src=x onerror=alert(1)>' # </span><script>alert(2)</script>",
  "'''never closed\nlr = 1",
  "%%track a --note \"it's\"\nx = 1\n!ls 'unclosed\ny = 2",
  "\ud800 lone \u0000 nul é 漢字 🎉",
  "if x <y and y> z: print(x&y)",
];

test.each(SOURCES)("colours never change a character of %j", (source) => {
  expect(text(source)).toBe(source);
});

test("keywords, strings, numbers and comments are told apart", () => {
  expect(looks("import os\nlr = 0.1  # rate")).toEqual([
    { text: "import", look: "keyword" },
    { text: "0.1", look: "number" },
    { text: "# rate", look: "comment" },
  ]);
});

test("a string of several lines is one on each of them", () => {
  expect(pythonLines("'''a\nb''' + c")).toEqual([
    [{ text: "'''a", look: "string" }],
    [
      { text: "b'''", look: "string" },
      { text: " + c", look: "" },
    ],
  ]);
});

test("a quote in a magic's options does not make a string of what follows", () => {
  const lines = pythonLines("%%track --note \"it's\nlr = 0.1");
  expect(lines[0]).toEqual([{ text: "%%track --note \"it's", look: "meta" }]);
  expect(lines[1]).toEqual([
    { text: "lr = ", look: "" },
    { text: "0.1", look: "number" },
  ]);
});

test("a remainder at the beginning of a line is no magic", () => {
  expect(looks("x = (7\n  % 2)").some(({ look }) => look === "meta")).toBe(false);
});

test("the text between two characters is marked, across the colours", () => {
  const line = pythonLines("lr = 0.1")[0] ?? [];
  expect(marked(line, [[3, 6]])).toEqual([
    { text: "lr ", look: "", mark: false },
    { text: "= ", look: "", mark: true },
    { text: "0", look: "number", mark: true },
    { text: ".1", look: "number", mark: false },
  ]);
});

test("code that is too long for colours is shown all the same", () => {
  const source = "x = 1\n".repeat(60_000);
  expect(pythonLines(source)).toEqual(plainLines(source));
});
