import { expect, test } from "vitest";
import { blobType, bytesOf, ending, fileName, previewOf, textOf } from "./content";
import { tableRows } from "./Preview";
import { folded } from "./Terminal";

test.each([
  ["a.png", null, "picture"],
  ["a.bin", "image/webp", "picture"],
  ["a.svg", "text/plain", "svg"],
  ["report.HTML", "text/plain", "html"],
  ["x", "text/html; charset=utf-8", "html"],
  ["t.csv", null, "table"],
  ["t.tsv", "text/tab-separated-values", "table"],
  ["n.ipynb", null, "json"],
  ["fig.json", "application/vnd.plotly.v1+json", "json"],
  ["tone.wav", "audio/x-wav", "audio"],
  ["clip.mp4", null, "video"],
  ["clip", "video/webm", "video"],
  ["code.py", "text/plain", "python"],
  ["train.log", "text/plain", "text"],
  ["model.pkl", null, "none"],
  ["model.joblib", "application/octet-stream", "none"],
  ["weights.npy", null, "none"],
  ["__proto__", null, "none"],
  ["a.constructor", "toString", "none"],
] as const)("%s of type %s is shown as %s", (path, mime, kind) => {
  expect(previewOf({ path, mime })).toBe(kind);
});

test("a blob of the page is never a document, whatever the file says it is", () => {
  for (const mime of ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf", null]) {
    for (const path of ["a", "a.html", "a.svg", "a.xml", "a.pdf", "a.js"]) {
      expect(blobType({ path, mime })).toBe("application/octet-stream");
    }
  }
  expect(blobType({ path: "a.jpg", mime: null })).toBe("image/jpeg");
});

test.each([
  ["reports/metrics.json", "metrics.json"],
  ["../../.bashrc", "bashrc"],
  ["..\\..\\evil.exe", "evil.exe"],
  ["a/<img src=x onerror=1>.png", "_img src_x onerror_1_.png"],
  ["", "artifact-"],
  ["..", "artifact-"],
  ["con.txt", "artifact-con.txt"],
  ["x/\u202egnp.exe", "_gnp.exe"],
  ["naïve 漢字.csv", "naïve 漢字.csv"],
])("%j is saved as %j", (path, name) => {
  expect(fileName(path)).toBe(name);
});

test("a name of ten thousand characters keeps its beginning and its ending", () => {
  const name = fileName(`${"x".repeat(10_000)}.csv`);
  expect(name).toHaveLength(120);
  expect(name.endsWith(".csv")).toBe(true);
  expect(ending(name)).toBe("csv");
});

test("bytes come back as they were", () => {
  expect([...bytesOf(btoa("\x00\xff\x80a"))]).toEqual([0, 255, 128, 97]);
});

test("binary is no text; a character that the end cut through is left out", () => {
  expect(textOf(new Uint8Array([80, 0, 75]))).toBeNull();
  expect(textOf(new TextEncoder().encode("grün").slice(0, 3))).toBe("gr");
});

test("a table is text, cell by cell, quotes and line ends inside them kept", () => {
  expect(tableRows('\ufeffa,b\n"x, ""y""\nz",=1+1\n', false)).toEqual([
    ["a", "b"],
    ['x, "y"\nz', "=1+1"],
  ]);
  expect(tableRows("a\tb\n1\t2", true)).toEqual([
    ["a", "b"],
    ["1", "2"],
  ]);
});

test("of a long text the beginning is shown first, of a stream its end", () => {
  const text = Array.from({ length: 1000 }, (_, at) => `line ${at}`).join("\n");
  expect(folded(text).startsWith("line 0\n")).toBe(true);
  expect(folded(text, true).endsWith("line 999")).toBe(true);
  expect(folded("x".repeat(100_000), true)).toHaveLength(20_000);
  expect(folded("short", true)).toBe("short");
});
