import { cleanup, fireEvent, screen, within } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inOrder } from "../../../lib/arrange";
import { allColumns } from "../../../lib/columns";
import { Columns } from "./Columns";
import { key, pass, show } from "./fixture";

const KEYS = [key("metric", "acc", "max"), key("metric", "loss", "min"), key("param", "depth"), key("param", "lr")];

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

async function open(keys = KEYS, first = {}) {
  const shown = show(<Columns />, { "runs.keys": () => ({ keys }) }, first);
  fireEvent.click(screen.getByRole("button", { name: "Columns" }));
  await pass(10);
  return shown;
}

const box = (name: string) => screen.getByRole("checkbox", { name }) as HTMLInputElement;
const line = (name: string) => box(name).closest(".nbt-column-line") as HTMLElement;
const ids = (order: string[]) => inOrder(allColumns(KEYS), order).map((column) => column.id);

test("Columns are shown and hidden by hand, and back as they come by themselves", async () => {
  const { view } = await open();
  expect(box("lr").checked).toBe(true);
  expect(box("note").checked).toBe(false);
  fireEvent.click(box("lr"));
  fireEvent.click(box("note"));
  await pass();
  expect(view().visible).toEqual({ "params.lr": false, note: true });
  fireEvent.click(screen.getByRole("button", { name: "Reset" }));
  await pass();
  expect(view().visible).toEqual({});
  expect(box("lr").checked).toBe(true);
});

test("A whole group is hidden at once, as far as the search finds it", async () => {
  const { view } = await open();
  fireEvent.input(screen.getByLabelText("Search columns"), { target: { value: "PARAMS d" } });
  await pass();
  expect(screen.queryByRole("checkbox", { name: "lr" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "Hide all params" }));
  await pass();
  expect(view().visible).toEqual({ "params.depth": false });
});

test("A search that finds nothing says so", async () => {
  await open();
  fireEvent.input(screen.getByLabelText("Search columns"), { target: { value: "nowhere" } });
  await pass();
  expect(screen.getByText("No column has this name.")).toBeTruthy();
});

test("The arrow keys on its handle move a column within its group, keep the keyboard and say its place", async () => {
  const { view } = await open();
  const handle = within(line("depth")).getByRole("button", { name: /^Move depth/ });
  handle.focus();
  fireEvent.keyDown(handle, { key: "ArrowDown" });
  await pass();
  expect(ids(view().order).slice(-2)).toEqual(["params.lr", "params.depth"]);
  expect(document.activeElement?.getAttribute("data-handle")).toBe("params.depth");
  expect(screen.getByText("depth, 2 of 2")).toBeTruthy();
  fireEvent.keyDown(document.activeElement as Element, { key: "ArrowDown" }); // the last stays the last
  await pass();
  expect(ids(view().order).slice(-2)).toEqual(["params.lr", "params.depth"]);
  fireEvent.keyDown(document.activeElement as Element, { key: "ArrowUp" });
  await pass();
  expect(ids(view().order)).toEqual(ids([]));
});

test("A column is held at the left, and shown with it", async () => {
  const { view } = await open();
  const pin = within(line("note")).getByRole("button", { name: "Hold note at the left" });
  fireEvent.click(pin);
  await pass();
  expect(view().pinnedColumns).toEqual(["name", "note"]);
  expect(box("note").checked).toBe(true);
  fireEvent.click(within(line("note")).getByRole("button", { pressed: true }));
  await pass();
  expect(view().pinnedColumns).toEqual(["name"]);
});

test("Of a metric the summary and the better direction are chosen; of a param there is nothing to choose", async () => {
  const { view } = await open();
  const summary = screen.getByLabelText("What is shown of loss") as HTMLSelectElement;
  summary.value = "min";
  fireEvent(summary, new Event("change", { bubbles: true })); // fireEvent.change would be an input event here
  await pass();
  expect(view().stats).toEqual({ loss: "min" });
  fireEvent.click(screen.getByRole("button", { name: "loss: lower is better; change" }));
  await pass();
  fireEvent.click(screen.getByRole("button", { name: "loss: neither direction is better; change" }));
  await pass();
  expect(view().better).toEqual({ loss: "max" });
  expect(screen.queryByLabelText("What is shown of lr")).toBeNull();
});

test("Only what differs is a switch", async () => {
  const { view } = await open();
  fireEvent.click(box("Only what differs"));
  await pass();
  expect(view().onlyDiffering).toBe(true);
});

test("Of ten thousand columns only those in sight are in the page, and none is shown with all the others", async () => {
  const many = Array.from({ length: 10_000 }, (_, at) => key("param", `p${at}`));
  await open(many);
  expect(screen.getByPlaceholderText("Search 10,008 columns")).toBeTruthy();
  expect(document.querySelectorAll(".nbt-column-line").length).toBeLessThan(60);
  expect((screen.getByRole("button", { name: "Show all params" }) as HTMLButtonElement).disabled).toBe(true);
  fireEvent.input(screen.getByLabelText("Search columns"), { target: { value: "p9999" } });
  await pass();
  expect(box("p9999")).toBeTruthy();
  expect((screen.getByRole("button", { name: "Show all params" }) as HTMLButtonElement).disabled).toBe(false);
});

test("A name of ten thousand characters and script in it are shown as text, cut", async () => {
  const name = `<img src=x onerror=alert(1)>${"n".repeat(10_000)}`;
  await open([key("param", name)]);
  const shown = screen.getByText(/^<img src=x onerror/);
  expect(shown.textContent?.length).toBeLessThan(100);
  expect(document.querySelector("img")).toBeNull();
});
