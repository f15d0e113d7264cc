import { cleanup, fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, expect, test, vi } from "vitest";
import { StatusItem } from "./StatusItem";
import { row } from "./testing";

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const news = (rows: ReturnType<typeof row>[], ended: ReturnType<typeof row>[] = []) => ({
  page: {
    rows: rows.slice(0, 1),
    running: rows.filter((run) => run.status === "running"),
    matched: rows.length,
    total: rows.length,
    revision: 1,
  },
  ended,
});
const seen = () => Date.now() / 1000;

test("without news there is no button, but a place that will be read aloud", () => {
  render(<StatusItem news={null} seen={0} onOpen={() => {}} />);
  expect(screen.queryByRole("button")).toBeNull();
  expect(screen.getByRole("status").textContent).toBe("");
});

test("a click opens the runs", () => {
  const open = vi.fn();
  render(<StatusItem news={news([row({})])} seen={seen()} onOpen={open} />);
  fireEvent.click(screen.getByRole("button"));
  expect(open).toHaveBeenCalledOnce();
});

test("markup in a name is text, in the item, its tooltip and what is read aloud", () => {
  const run = row({ name: "<img src=x onerror=alert(1)>", metric: { name: "<b>", value: 1, better: null, spark: [] } });
  const { container } = render(<StatusItem news={news([run], [run])} seen={seen()} onOpen={() => {}} />);
  expect(container.querySelector("img, b")).toBeNull();
  expect(screen.getByRole("button").textContent).toContain("<img src=x onerror=alert(1)>");
  expect(screen.getByRole("button").title).toContain("<img src=x");
  expect(screen.getByRole("status").textContent).toContain("<img src=x");
});

test("only an ending is read aloud, not each step", () => {
  const going = row({ id: "a", status: "running", progress: { step: 1, total: 10 } });
  const { rerender } = render(<StatusItem news={news([going])} seen={seen()} onOpen={() => {}} />);
  const aloud = screen.getByRole("status");
  for (let step = 2; step < 5; step += 1) {
    rerender(<StatusItem news={news([{ ...going, progress: { step, total: 10 } }])} seen={seen()} onOpen={() => {}} />);
    expect(aloud.textContent).toBe("");
  }
  const done = row({ id: "a", name: "churn-42" });
  rerender(<StatusItem news={news([done], [done])} seen={seen()} onOpen={() => {}} />);
  expect(aloud.textContent).toBe("churn-42 finished.");
});

test("the time since a result goes on by itself", async () => {
  vi.useFakeTimers();
  const run = row({ started: seen() - 70, ended: seen() - 60 });
  render(<StatusItem news={news([run])} seen={seen()} onOpen={() => {}} />);
  expect(screen.getByRole("button").textContent).toContain("1 min ago");
  await vi.advanceTimersByTimeAsync(150_000);
  expect(screen.getByRole("button").textContent).toContain("3 min ago");
});

test("the tooltip of what goes on is of the moment it is looked at", async () => {
  vi.useFakeTimers();
  render(<StatusItem news={news([row({ status: "running", duration: 5 })])} seen={seen()} onOpen={() => {}} />);
  await vi.advanceTimersByTimeAsync(10_000);
  fireEvent.pointerEnter(screen.getByRole("button"));
  await vi.advanceTimersByTimeAsync(10);
  expect(screen.getByRole("button").title).toContain("15.0 s");
});
