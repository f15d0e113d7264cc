import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AskError } from "../../api/transport";
import { answers, artifact, BEFORE, detail, explanation, ID, output, panel, row, settle, summary } from "./fixture";
import { OneRun } from "./OneRun";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function open(given: Parameters<typeof panel>[0] = {}) {
  const made = panel(given);
  const shown = made.show(<OneRun id={ID} />);
  await settle();
  return { ...made, ...shown };
}
const tab = (name: RegExp) => screen.getByRole("tab", { name });
async function go(name: RegExp) {
  fireEvent.click(tab(name));
  await settle();
}
const run = () => screen.getByRole("region", { name: "Run" });

test("the overview says what the run is, what it was given, and what changed", async () => {
  await open();
  expect(screen.getByRole("heading", { level: 2 }).textContent).toContain("moons");
  expect(screen.getByText("a note")).toBeTruthy();
  expect(screen.getByText("lr went from 0.3 to 0.1.")).toBeTruthy();
  const [first] = screen.getAllByText("explicit");
  expect(first?.closest("tr")?.textContent).toContain("before: 0.3");
  // The logged param stands before the captured one.
  expect(screen.getByText("captured").closest("tr")?.previousSibling).toBe(first?.closest("tr"));
});

test("the best figure of a metric is marked in its direction, not by colour alone", async () => {
  await open();
  const cells = (name: string) => [...(screen.getByRole("rowheader", { name }).closest("tr")?.cells ?? [])];
  expect(cells("acc ↑").find((cell) => cell.textContent?.includes("best"))?.textContent).toContain("1.8");
  expect(cells("loss ↓").find((cell) => cell.textContent?.includes("best"))?.textContent).toContain("0.05");
});

test("Escape goes back to the table and leaves the keyboard on the run", async () => {
  const { view } = await open();
  fireEvent.keyDown(run(), { key: "Escape" });
  expect(view.getState()).toMatchObject({ open: null, active: ID });
});

test("Escape in a field gives up what was typed, and stays", async () => {
  const { view, transport } = await open();
  fireEvent.click(screen.getByRole("button", { name: "moons" }));
  const field = screen.getByRole("textbox", { name: "Name of the run" });
  fireEvent.input(field, { target: { value: "other" } });
  fireEvent.keyDown(field, { key: "Escape" });
  await settle();
  expect(view.getState().open).not.toBeNull();
  expect(transport.of("runs.edit")).toEqual([]);
});

test("a new name is kept by Enter, once", async () => {
  const { transport } = await open();
  fireEvent.click(screen.getByRole("button", { name: "moons" }));
  const field = screen.getByRole("textbox", { name: "Name of the run" });
  fireEvent.input(field, { target: { value: " other " } });
  fireEvent.keyDown(field, { key: "Enter" });
  fireEvent.blur(field);
  await settle();
  expect(transport.of("runs.edit")).toEqual([{ runs: [ID], name: "other" }]);
});

test("an edit that fails is said with its hint", async () => {
  const { toasts } = await open({
    "runs.edit": () => {
      throw new AskError({ code: "read_only", message: "The file cannot be written.", hint: "Copy the project." });
    },
  });
  fireEvent.click(screen.getByRole("button", { name: "Star" }));
  await settle();
  expect(toasts.getState().toasts).toMatchObject([
    { kind: "error", text: "The file cannot be written.", hint: "Copy the project." },
  ]);
});

test("tags are added and taken off where they stand", async () => {
  const { transport } = await open();
  fireEvent.click(screen.getByRole("button", { name: "+ tag" }));
  const field = screen.getByRole("textbox", { name: "New tag" });
  fireEvent.input(field, { target: { value: "best=yes" } });
  fireEvent.keyDown(field, { key: "Enter" });
  fireEvent.click(screen.getByRole("button", { name: "Take the tag stage off" }));
  await settle();
  expect(transport.of("runs.edit")).toEqual([
    { runs: [ID], tags: { best: "yes" } },
    { runs: [ID], tags: { stage: null } },
  ]);
});

test("the trash is left by the toast, for this run whatever was done since", async () => {
  const { transport, toasts, view } = await open();
  fireEvent.click(screen.getByRole("button", { name: "More" }));
  await settle();
  fireEvent.click(screen.getByRole("menuitem", { name: /Move to the trash/ }));
  await settle();
  expect(view.getState().open).toBeNull();
  const [toast] = toasts.getState().toasts;
  expect(toast?.text).toBe("Moved moons to the trash.");
  toast?.action?.run();
  await settle();
  expect(transport.of("runs.restore")).toEqual([{ runs: [ID] }]);
});

test("arrow keys go through the parts, and the next run opens at the same one", async () => {
  const { show, unmount } = await open();
  fireEvent.keyDown(tab(/Overview/), { key: "ArrowRight" });
  expect(tab(/Code/).getAttribute("aria-selected")).toBe("true");
  expect(document.activeElement).toBe(tab(/Code/));
  fireEvent.keyDown(tab(/Code/), { key: "End" });
  fireEvent.keyDown(tab(/Why/), { key: "ArrowRight" });
  fireEvent.keyDown(tab(/Overview/), { key: "ArrowLeft" });
  expect(tab(/Why/).getAttribute("aria-selected")).toBe("true");
  expect(tab(/Overview/).tabIndex).toBe(-1);
  unmount();
  show(<OneRun id={ID} />);
  await settle();
  expect(tab(/Why/).getAttribute("aria-selected")).toBe("true");
});

test("the runs before and after it in the table are one click away", async () => {
  const { view } = await open();
  expect(screen.getByText("2 of 3")).toBeTruthy();
  fireEvent.click(screen.getByRole("button", { name: /Next run/ }));
  expect(view.getState().open).toEqual({ kind: "run", id: BEFORE });
  fireEvent.keyDown(run(), { key: "ArrowUp", altKey: true });
  expect(view.getState().open).toEqual({ kind: "run", id: "first" });
});

test("a run that was deleted elsewhere stays to be read, and says so", async () => {
  let gone = false;
  const { transport } = await open({
    "runs.get": () => {
      if (gone) throw new AskError({ code: "not_found", message: "No run.", hint: "" });
      return detail();
    },
  });
  gone = true;
  transport.announce(2);
  await settle(600);
  expect(screen.getByText(/This run was deleted elsewhere/)).toBeTruthy();
  expect(screen.getByText("a note")).toBeTruthy();
});

test("a run in the trash can be taken out again", async () => {
  const { transport } = await open({ "runs.get": () => detail({ row: row({ trashed: Date.now() / 1000 - 90 }) }) });
  expect(screen.getByText(/It is in the trash/).textContent).toContain("1 min ago");
  fireEvent.click(screen.getByRole("button", { name: "Restore" }));
  await settle();
  expect(transport.of("runs.restore")).toEqual([{ runs: [ID] }]);
});

test("a run that never was is an error with its hint", async () => {
  await open({
    "runs.get": () => {
      throw new AskError({ code: "not_found", message: "No run 'x'.", hint: "Closest: 'y'." });
    },
  });
  expect(screen.getByRole("alert").textContent).toContain("Closest: 'y'.");
});

test("a run that logs is asked for at most twice a second, and the last change is seen", async () => {
  let last = 0;
  const { transport } = await open({
    "runs.get": () => detail({ row: row({ status: "running", ended: null, metrics: { acc: summary(last) } }) }),
  });
  const before = transport.of("runs.get").length;
  for (let tick = 1; tick <= 40; tick++) {
    last = tick;
    transport.announce(tick + 10);
    await settle(50);
  }
  await settle(600);
  expect(transport.of("runs.get").length - before).toBeLessThanOrEqual(6);
  expect(screen.getByRole("rowheader", { name: "acc ↑" }).closest("tr")?.textContent).toContain("40");
});

test("the first run of a cell is told so kindly", async () => {
  await open({ "lineage.explain": () => explanation({ left: null, reasons: [], outcome: [] }) });
  expect(screen.getByText(/This is the first run of its cell/)).toBeTruthy();
  await go(/Why/);
  expect(screen.getByText(/This is the first run of its cell/)).toBeTruthy();
});

test("why: what came out differently, and each reason leads to where it can be read", async () => {
  await open();
  await go(/Why/);
  const outcome = screen.getByRole("list", { name: "What came out differently" });
  expect(outcome.textContent).toContain("0.8 → 0.9");
  expect(outcome.textContent).toContain("better +0.1 (+12.5%)");
  fireEvent.click(screen.getByRole("button", { name: "1 line changed." }));
  await settle();
  expect(tab(/Code/).getAttribute("aria-selected")).toBe("true");
  expect(screen.getByText(/moons before → moons/)).toBeTruthy();
});

test("the code can be compared with any run, found by its name", async () => {
  const { transport } = await open({
    "lineage.explain": ({ against }) =>
      explanation({ left: row({ id: against ?? BEFORE, name: against ?? "before" }) }),
  });
  await go(/Code/);
  fireEvent.click(screen.getByRole("button", { name: "Difference" }));
  await settle();
  expect(transport.of("runs.diff").at(-1)).toEqual({ left: BEFORE, right: ID });
  fireEvent.click(screen.getByRole("button", { name: /Compare with previous run/ }));
  await settle();
  fireEvent.input(screen.getByRole("textbox", { name: "Find a run by name" }), { target: { value: "fir" } });
  await settle();
  expect(transport.of("runs.page").at(-1)?.filter).toBe("name contains 'fir'");
  fireEvent.click(screen.getByRole("menuitem", { name: /first/ }));
  await settle();
  expect(transport.of("runs.diff").at(-1)).toEqual({ left: "first", right: ID });
});

test("a difference has signs and line numbers, and the words that changed are marked", async () => {
  const { container } = await open();
  await go(/Code/);
  fireEvent.click(screen.getByRole("button", { name: "Difference" }));
  await settle();
  const rows = [...container.querySelectorAll(".nbt-diff tr")];
  expect(rows.map((one) => one.textContent?.trim())).toEqual(["−removedlr = 0.3", "+addedlr = 0.1", "fit(lr)"]);
  expect([...container.querySelectorAll(".nbt-c-mark")].map((one) => one.textContent)).toEqual(["0.3", "0.1"]);
});

test("thousands of params stay few rows until they are searched", async () => {
  const params = Array.from({ length: 5000 }, (_, at) => ({
    name: `p${at}`,
    value: at,
    source: "explicit",
    at: 1,
    earlier: [],
  }));
  const { container } = await open({ "runs.get": () => detail({ params }) });
  await go(/Params and metrics/);
  expect(container.querySelectorAll(".nbt-param-table tr").length).toBeLessThan(300);
  expect(screen.getByText(/250 of 5,000 rows shown/)).toBeTruthy();
  fireEvent.input(screen.getByRole("searchbox"), { target: { value: "p4321" } });
  await settle();
  expect(container.querySelectorAll(".nbt-param-table tr")).toHaveLength(1);
  expect(screen.getByRole("status").textContent).toBe("1 of 5002");
});

test("a value of ten thousand characters is cut until it is asked for", async () => {
  const long = "0123456789".repeat(1000);
  const params = [{ name: "long", value: long, source: "explicit", at: 1, earlier: [] }];
  await open({ "runs.get": () => detail({ params }) });
  await go(/Params and metrics/);
  const cell = screen.getByRole("rowheader", { name: "long" }).closest("tr") as HTMLElement;
  expect(cell.textContent?.length).toBeLessThan(400);
  fireEvent.click(within(cell).getByRole("button", { name: "show all 10,000 characters" }));
  expect(cell.textContent).toContain(long);
});

test("output: streams, errors, what was cut, and Markdown as the text it is", async () => {
  const { container } = await open({
    "runs.outputs": () => ({
      outputs: [
        output({ text: "epoch 1\n", dropped: 2048 }),
        output({ kind: "stderr", text: "careful" }),
        output({ kind: "error", text: "ZeroDivisionError: division by zero" }),
        output({ kind: "display", mime: "text/markdown", text: "# <b>Title</b>" }),
        output({ kind: "result", mime: "application/json", text: '{"a": [1, 2]}' }),
      ],
    }),
  });
  await go(/Output/);
  expect(container.textContent).toContain("2.0 kB were cut before this.");
  expect(container.querySelector(".nbt-output-stderr")?.textContent).toBe("stderrcareful");
  expect(container.querySelector(".nbt-output-error pre")?.textContent).toContain("division by zero");
  expect(screen.getByText("# <b>Title</b>")).toBeTruthy();
  expect(container.querySelector(".nbt-json")?.textContent).toContain("a: [2]");
});

test("pictures are blobs of their own type, and are let go with the component", async () => {
  const made: Blob[] = [];
  const create = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => `blob:${made.push(blob as Blob)}`);
  const revoke = vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
  const file = artifact("outputs/1.png", "image/png");
  const { container, unmount, transport } = await open({
    "runs.get": () => detail({ artifacts: [file] }),
    "runs.outputs": () => ({ outputs: [output({ kind: "display", mime: "image/png", artifact: file.path })] }),
    "runs.artifact": () => ({ artifact: file, data: btoa("<script>"), cut: false }),
  });
  await go(/Output/);
  expect(container.querySelector("img")?.getAttribute("src")).toBe("blob:1");
  expect(made[0]?.type).toBe("image/png");
  expect(transport.of("runs.artifact")).toHaveLength(1);
  transport.announce(5);
  await settle(600);
  expect(transport.of("runs.artifact")).toHaveLength(1);
  unmount();
  expect(revoke).toHaveBeenCalledWith("blob:1");
  create.mockRestore();
  revoke.mockRestore();
});

test("a pickle is never asked for; it can be downloaded", async () => {
  const { transport } = await open({
    "runs.get": () => detail({ artifacts: [artifact("model.pkl")] }),
    "runs.artifact": () => ({ artifact: artifact("model.pkl"), data: "", cut: false }),
  });
  await go(/Artifacts/);
  expect(screen.getByText("There is no preview of this kind of file.")).toBeTruthy();
  expect(transport.of("runs.artifact")).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "Download 10 B" }));
  await settle();
  expect(transport.of("runs.artifact")).toHaveLength(1);
});

test("where artifacts have addresses a file is saved from its own, and sound and film are played from it", async () => {
  const saved = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    links.push([this.getAttribute("href"), this.download]);
  });
  const links: unknown[] = [];
  const { show, ...context } = panel({
    "runs.get": () => detail({ artifacts: [artifact("clip.mp4"), artifact("huge.png", "image/png", 50_000_000)] }),
  });
  context.transport.artifact = (run, path) => `/files/${run}/${path}`;
  show(<OneRun id={ID} />);
  await settle(600);
  await go(/Artifacts/);
  expect(screen.getByLabelText("clip.mp4", { selector: "video" }).getAttribute("src")).toBe(`/files/${ID}/clip.mp4`);
  fireEvent.click(screen.getByRole("button", { name: "Download" }));
  fireEvent.click(screen.getByRole("button", { name: /huge\.png/ }));
  await settle();
  expect(screen.getByRole("img", { name: "huge.png" }).getAttribute("src")).toBe(`/files/${ID}/huge.png`);
  expect(links).toEqual([[`/files/${ID}/clip.mp4`, "clip.mp4"]]);
  expect(context.transport.of("runs.artifact")).toEqual([]);
  saved.mockRestore();
});

test("a film is not fetched whole where there are no addresses", async () => {
  const { transport } = await open({ "runs.get": () => detail({ artifacts: [artifact("clip.mp4")] }) });
  await go(/Artifacts/);
  expect(screen.getByText("There is no preview of this kind of file.")).toBeTruthy();
  expect(transport.of("runs.artifact")).toEqual([]);
});

test("a file that is larger than its preview says so", async () => {
  await open({
    "runs.get": () => detail({ artifacts: [artifact("big.txt", null, 5_000_000)] }),
    "runs.artifact": () => ({ artifact: artifact("big.txt"), data: btoa("beginning"), cut: true }),
  });
  await go(/Artifacts/);
  expect(screen.getByText("Only the first 9 B of 5.0 MB are shown.")).toBeTruthy();
});

test("packages that the other run had differently are marked", async () => {
  await open();
  await go(/Environment/);
  const item = screen.getByText("numpy").closest("li");
  expect(item?.className).toBe("nbt-package-differs");
  expect(item?.textContent).toBe("numpy1.0 → 2.0");
});

test("every answer may be an error: each part says it and none breaks the others", async () => {
  const names = Object.keys(answers()).filter((name) => name !== "runs.get");
  const failing = Object.fromEntries(
    names.map((name) => [
      name,
      () => {
        throw new AskError({ code: "store", message: `No ${name}.`, hint: "Ask again." });
      },
    ]),
  );
  await open(failing);
  for (const name of [/Code/, /Params/, /Output/, /Artifacts/, /Environment/, /Why/, /Overview/]) await go(name);
  expect(screen.getByRole("alert").textContent).toContain("No lineage.explain.");
  expect(screen.getByText("a note")).toBeTruthy();
});
