import { expect, test } from "vitest";
import { guessedHeight, sealed } from "./sandbox";

const LOOK = {
  ink: "rgb(0, 0, 0)",
  paper: "rgb(255, 255, 255)",
  line: "rgb(9, 9, 9)",
  font: "serif",
  size: "13px",
  scheme: "light",
};
const page = (markup: string) => new DOMParser().parseFromString(sealed(markup, LOOK) ?? "", "text/html");

test("the policy stands before everything that was given, and allows no script and no address", () => {
  const text = sealed("<p>x</p>", LOOK) ?? "";
  const policy = page("<p>x</p>").querySelector("meta[http-equiv]")?.getAttribute("content") ?? "";
  expect(policy).toMatch(/^default-src 'none'/);
  expect(policy).not.toMatch(/script|http|\*|unsafe-eval/);
  expect(text.indexOf("Content-Security-Policy")).toBeLessThan(text.indexOf("<style>"));
});

test.each([
  "<script>alert(1)</script>",
  "<link rel=preconnect href=about:blank><link rel=dns-prefetch href=about:blank>",
  "<meta http-equiv=refresh content='0;url=about:blank'>",
  "<base href=about:blank target=_top>",
  "<iframe src=about:blank></iframe><object data=x></object><embed src=x>",
  "<form action=about:blank><input name=body></form>",
  "<svg><script>alert(1)</script></svg>",
  "</body></html><script>alert(1)</script>",
])("%s is taken out", (markup) => {
  const found = page(`<p>kept</p>${markup}`);
  expect(found.querySelector("script, link, iframe, object, embed, form")).toBeNull();
  expect(found.querySelectorAll("meta[http-equiv]")).toHaveLength(1);
  expect([...found.querySelectorAll("base")].map((one) => one.outerHTML)).toEqual(['<base target="_blank">']);
  expect(found.querySelector("p")?.textContent).toBe("kept");
});

test("tables and their own styles stay", () => {
  const found = page("<style>td{color:red}</style><table><tbody><tr><td>1</td></tr></tbody></table>");
  expect(found.querySelector("td")?.textContent).toBe("1");
  expect(found.body.querySelector("style")?.textContent ?? found.head.textContent).toContain("td{color:red}");
});

test("HTML of many megabytes is not shown", () => {
  expect(sealed("x".repeat(2_000_001), LOOK)).toBeNull();
});

test("the height follows the rows, within reason", () => {
  const rows = (count: number) => guessedHeight(`<table>${"<tr><td>1</td></tr>".repeat(count)}</table>`);
  expect(rows(5)).toBeGreaterThan(rows(2));
  expect(rows(1000)).toBe(420);
  expect(guessedHeight("")).toBe(48);
});
