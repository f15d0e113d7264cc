import { cleanup, fireEvent, screen } from "@testing-library/preact";
import { csvParse } from "d3-dsv";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../../api/fake";
import { AskError } from "../../../api/transport";
import type { View } from "../../../state/view";
import { Copy } from "./Copy";
import { copyText, fileName } from "./clipboard";
import { key, paged, pass, row, show } from "./fixture";

const summary = (last: number) => ({ last, min: last, max: last, mean: last, count: 1, last_step: 0, source: "call" });
const ROWS = [
  row("a1", { params: { lr: 0.1 }, metrics: { acc: summary(0.5) } }),
  row("b2", { params: { lr: 0.2 }, metrics: { acc: summary(0.75) } }),
  row("c3", { name: "=1+1", params: { lr: 0.3 }, metrics: { acc: summary(0.625) } }),
];
const KEYS = [key("metric", "acc", "max"), key("param", "lr")];
const ONLY: Partial<View> = { visible: { status: false, started: false, duration: false } };

let copied: string[];
let clipboard: ((text: string) => Promise<void>) | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  copied = [];
  clipboard = async (text) => void copied.push(text);
  vi.stubGlobal("navigator", {
    ...globalThis.navigator,
    get clipboard() {
      return clipboard && { writeText: clipboard };
    },
  });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function choose(name: string, first: Partial<View> = {}, answers: Answers = {}) {
  const all = { "runs.page": paged(ROWS), "runs.keys": () => ({ keys: KEYS }), ...answers };
  const shown = show(<Copy />, all, { ...ONLY, ...first }, { root: "my project/?" });
  fireEvent.click(screen.getByRole("button", { name: "Copy" }));
  await pass(10);
  fireEvent.click(screen.getByRole("menuitem", { name }));
  await pass(10);
  return shown;
}

test("The columns that are seen are copied as Markdown, and how many runs it were is said", async () => {
  const { said, transport } = await choose("Copy as Markdown", { sort: [{ id: "metrics.acc", desc: true }] });
  expect(copied[0]?.split("\n").map((line) => line.trim())).toEqual([
    "| run    |        acc |  lr |",
    "| ------ | ---------: | --: |",
    "| run a1 |     0.5000 | 0.1 |",
    "| run b2 | **0.7500** | 0.2 |",
    "| =1+1   |     0.6250 | 0.3 |",
    "",
  ]);
  expect(said()).toEqual(["Copied 3 runs as Markdown."]);
  expect(transport.of("runs.page").at(-1)).toMatchObject({
    sort: ["-metrics.acc"],
    columns: ["metrics.acc", "params.lr"],
    limit: 10_000,
  });
});

test("Only the runs that are selected are copied, whatever the filter is", async () => {
  const { said } = await choose("Copy as LaTeX", { selected: new Set(["b2", "c3"]), filter: "nothing else" });
  expect(copied[0]).toContain("\\toprule");
  expect(copied[0]).toContain("run b2 &");
  expect(copied[0]).not.toContain("run a1");
  expect(said()).toEqual(["Copied 2 runs as LaTeX."]);
});

test("The differences from a baseline that is not among the runs are copied", async () => {
  await choose("Copy as CSV", { selected: new Set(["b2"]), baseline: "a1", deltas: "absolute" });
  expect(csvParse(copied[0] ?? "")[0]).toMatchObject({ "metrics.acc": "0.75", "metrics.acc difference": "0.25" });
});

test("Where more match than one answer holds, the number that was left out is said", async () => {
  const page = () => ({ rows: ROWS, matched: 100_000, total: 100_000, offset: 0, revision: 1 });
  const { said } = await choose("Copy as CSV", {}, { "runs.page": page });
  expect(said()).toEqual(["Copied the first 3 of 100,000 runs as CSV."]);
});

test("Without the clipboard API the old way is taken, and the keyboard comes back", async () => {
  clipboard = undefined;
  const old = vi.fn(() => true);
  Object.assign(document, { execCommand: old });
  const { said } = await choose("Copy as CSV");
  expect(old).toHaveBeenCalledWith("copy");
  expect(document.querySelector("body > textarea")).toBeNull();
  expect(said()).toEqual(["Copied 3 runs as CSV."]);
});

test("Where the browser refuses both ways the text is shown, selected, to copy by hand", async () => {
  clipboard = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  Object.assign(document, { execCommand: () => false });
  const { said } = await choose("Copy as CSV");
  const box = screen.getByLabelText("3 runs as CSV", { selector: "textarea" }) as HTMLTextAreaElement;
  expect(csvParse(box.value)).toHaveLength(3);
  expect(box.selectionEnd - box.selectionStart).toBe(box.value.length);
  expect(said()).toEqual([]);
  fireEvent.keyDown(box, { key: "Escape" });
  await pass();
  expect(screen.queryByLabelText("3 runs as CSV", { selector: "textarea" })).toBeNull();
});

test("CSV is downloaded under the project's name, with formulas as text", async () => {
  const blobs: Blob[] = [];
  const names: string[] = [];
  vi.stubGlobal(
    "URL",
    Object.assign(class extends URL {}, {
      createObjectURL: (blob: Blob) => `blob:${blobs.push(blob)}`,
      revokeObjectURL: () => {},
    }),
  );
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    names.push(this.download);
  });
  const { said } = await choose("Download CSV");
  expect(names).toEqual(["my-project-runs.csv"]);
  expect(csvParse((await blobs[0]?.text()) ?? "")[2]?.name).toBe("'=1+1");
  expect(said()).toEqual(["Downloaded 3 runs as CSV."]);
});

test("An error is said with its hint", async () => {
  const fail = () => {
    throw new AskError({ code: "busy", message: "The file is locked.", hint: "Try again." });
  };
  const { said } = await choose("Copy as CSV", {}, { "runs.page": fail });
  expect(said()).toEqual(["The file is locked. Try again."]);
  expect(copied).toEqual([]);
});

test("A refused clipboard does not throw where there is no old way either", async () => {
  clipboard = undefined;
  Object.assign(document, { execCommand: undefined });
  expect(await copyText("x")).toBe(false);
});

test("A file is named by letters and digits only", () => {
  expect(fileName("../..\\evil name", "csv")).toBe("evil-name-runs.csv");
  expect(fileName(undefined, "csv")).toBe("nbtrack-runs.csv");
  expect(fileName("...", "csv")).toBe("nbtrack-runs.csv");
});
