import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answers } from "../../api/fake";
import { AskError } from "../../api/transport";
import type { ExportRequest, FormatInfo } from "../../contract";
import type { PanelHost } from "../../state/panel";
import { exportChoices } from "../browse/exporting";
import { pass, show } from "../runs/toolbar/fixture";
import { type Choice, ExportMenu } from "./ExportMenu";

const FORMATS: FormatInfo[] = [
  { format: "html", label: "HTML report", suffix: ".html", one: false, missing: null },
  { format: "csv", label: "CSV", suffix: ".csv", one: false, missing: null },
  { format: "parquet", label: "Parquet", suffix: ".parquet", one: false, missing: 'pip install "nbtrack[parquet]"' },
  { format: "ipynb", label: "Notebook of one run", suffix: ".ipynb", one: true, missing: null },
];
const DONE = { path: "exports/runs.html", size: 1_234_567, runs: 3, files: ["exports/runs.html"], text: "" };
const SEVERAL: Choice[] = [
  { label: "Selected", count: 1, which: { runs: ["a1"] } },
  { label: "All that match", count: 3, which: { filter: "params.lr > 0", sort: ["-started"] } },
];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function open(choices: Choice[] = SEVERAL, answers: Answers = {}, openFile?: PanelHost["openFile"]) {
  const all: Answers = {
    "transfer.formats": () => ({ formats: FORMATS }),
    "transfer.export": () => DONE,
    ...answers,
  };
  const shown = show(<ExportMenu choices={choices} openFile={openFile} />, all, {}, {});
  fireEvent.click(screen.getByRole("button", { name: "Export" }));
  await pass(20);
  const form = within(screen.getByRole("dialog", { name: "Export" }));
  const submit = async () => {
    fireEvent.click(form.getByRole("button", { name: "Export" }));
    await pass(20);
    return shown.transport.of("transfer.export").at(-1) as ExportRequest;
  };
  return { ...shown, form, submit };
}

test("A report of what is chosen first is what is written when nothing else is said", async () => {
  const { submit, said } = await open();
  expect(await submit()).toEqual({ runs: ["a1"], format: "html", static: false });
  expect(said()).toEqual(["Wrote 3 runs to exports/runs.html (1.2 MB)."]);
});

test("Which runs, in which format, and a report without a script", async () => {
  const { form, submit } = await open();
  fireEvent.click(form.getByRole("radio", { name: /All that match/ }));
  fireEvent.click(form.getByRole("checkbox"));
  expect(await submit()).toEqual({ filter: "params.lr > 0", sort: ["-started"], format: "html", static: true });
});

test("Formats of one run are offered for one run only, and what is not installed says so", async () => {
  const { form, submit } = await open();
  expect(form.getByRole("radio", { name: /Parquet/ })).toHaveProperty("disabled", true);
  const notebook = form.getByRole("radio", { name: /Notebook of one run/ });
  expect(notebook).toHaveProperty("disabled", false);
  fireEvent.click(notebook);
  fireEvent.click(form.getByRole("radio", { name: /All that match/ }));
  expect(notebook).toHaveProperty("disabled", true);
  expect((await submit()).format).toBe("html");
});

test("Where the page can open files, the message offers it; elsewhere it only says where the file is", async () => {
  const asked: string[] = [];
  const { submit, toasts } = await open(SEVERAL, {}, (path, how) => asked.push(`${how} ${path}`));
  await submit();
  const [toast] = toasts.getState().toasts;
  toast?.action?.run();
  toast?.other?.run();
  expect(asked).toEqual(["open exports/runs.html", "download exports/runs.html"]);
});

test("What cannot be written is said with what to do next", async () => {
  const refuse = () => {
    throw new AskError({ code: "invalid_option", message: "There is no run to export.", hint: "Choose runs." });
  };
  const { submit, said } = await open(SEVERAL, { "transfer.export": refuse });
  await submit();
  expect(said()).toEqual(["There is no run to export. Choose runs."]);
  expect(screen.getByRole("button", { name: "Export" })).toHaveProperty("disabled", false);
});

test("The list offers what is selected, what is listed, the notebook and the project", () => {
  const question = { filter: "status = 'failed'", also: [], sort: ["name"], notebook: "a.ipynb" };
  const found = exportChoices(question, "a.ipynb", new Set(["r1"]), 4);
  expect(found.map(({ label, count }) => [label, count])).toEqual([
    ["Selected", 1],
    ["As listed", 4],
    ["This notebook", undefined],
    ["The whole project", undefined],
  ]);
  expect(found[1]?.which).toEqual({ filter: "status = 'failed'", also: [], sort: ["name"], notebook: "a.ipynb" });
  expect(exportChoices({ filter: "", sort: [] }, null, new Set(), 9)).toEqual([
    { label: "The whole project", count: 9, which: {} },
  ]);
});
