import { act, cleanup, render, screen } from "@testing-library/preact";
import { type ReactNode, useState } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeTransport } from "../api/fake";
import { AskError } from "../api/transport";
import type { RunPage } from "../contract";
import { Panel } from "./panel";
import { createQueryState, type UseAskOptions, useAsk, useTell } from "./query";
import { createToasts } from "./toasts";
import { createView } from "./view";

const page = (total: number): RunPage => ({ rows: [], matched: total, total, offset: 0, revision: total });

function show(transport: FakeTransport, child: ReactNode) {
  const query = createQueryState(transport);
  const panel = { transport, query, view: createView(), toasts: createToasts(), spec: {} };
  return render(<Panel.Provider value={panel}>{child}</Panel.Provider>);
}

let change: (filter: string) => void;
let renders: string[];

function Asker(options: UseAskOptions) {
  const [filter, setFilter] = useState("a");
  change = setFilter;
  const { data, error, stale, loading } = useAsk("runs.page", { filter }, options);
  const text = `${data ? data.total : "none"}${stale ? " stale" : ""}${error ? ` ${error.message}` : ""}`;
  renders.push(text);
  return (
    <p data-testid="out" aria-busy={loading}>
      {text}
    </p>
  );
}

const out = () => screen.getByTestId("out").textContent;
// Twice: what the first time sets off is rendered at its end, and asks its question then.
async function settle(ms = 0) {
  for (const part of [ms, 0]) {
    await act(async () => {
      await vi.advanceTimersByTimeAsync(part);
    });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  renders = [];
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a view shows the answer to what it asked", async () => {
  show(new FakeTransport({ "runs.page": () => page(18) }), <Asker />);
  await settle();
  expect(out()).toBe("18");
});

test("while it asks something else the last answer stays, marked as stale", async () => {
  let done: (page: RunPage) => void = () => {};
  const answers = {
    "runs.page": ({ filter }: { filter?: string }) =>
      filter === "a"
        ? page(1)
        : new Promise<RunPage>((resolve) => {
            done = resolve;
          }),
  };
  show(new FakeTransport(answers), <Asker />);
  await settle();
  act(() => change("b"));
  await settle();
  expect(out()).toBe("1 stale");
  done(page(2));
  await settle();
  expect(out()).toBe("2");
});

test("an answer that comes too late for its question is not shown", async () => {
  const waiting = new Map<string, (page: RunPage) => void>();
  const transport = new FakeTransport({
    "runs.page": ({ filter = "" }) => new Promise<RunPage>((resolve) => void waiting.set(filter, resolve)),
  });
  show(transport, <Asker />);
  await settle();
  act(() => change("b"));
  await settle();
  waiting.get("b")?.(page(2));
  await settle();
  waiting.get("a")?.(page(1));
  await settle();
  expect(out()).toBe("2");
  expect(renders).not.toContain("1");
});

test("a new revision asks again, at most once in a tenth of a second, and the last one is not lost", async () => {
  let total = 0;
  const transport = new FakeTransport({ "runs.page": () => page(++total) });
  show(transport, <Asker />);
  await settle(200);
  const before = transport.of("runs.page").length;
  for (let revision = 1; revision <= 50; revision++) {
    transport.announce(revision);
    await settle(10);
  }
  await settle(200);
  const asked = transport.of("runs.page").length - before;
  expect(asked).toBeGreaterThanOrEqual(4);
  expect(asked).toBeLessThanOrEqual(7);
});

test("announcements that come faster than a slow answer do not keep it from coming", async () => {
  const transport = new FakeTransport({
    "runs.page": () => new Promise<RunPage>((resolve) => setTimeout(() => resolve(page(5)), 450)),
  });
  show(transport, <Asker />);
  for (let revision = 1; revision <= 8; revision++) {
    transport.announce(revision);
    await settle(100);
  }
  expect(out()).toBe("5");
});

test("what is asked once is not asked again", async () => {
  const transport = new FakeTransport({ "runs.page": () => page(1) });
  show(transport, <Asker once />);
  await settle(200);
  transport.announce(9);
  await settle(300);
  expect(transport.of("runs.page").length).toBe(1);
});

test("what is off asks nothing", async () => {
  const transport = new FakeTransport({ "runs.page": () => page(1) });
  show(transport, <Asker off />);
  await settle(200);
  expect(transport.asked).toEqual([]);
});

test("an error is told and what was shown stays", async () => {
  let broken = false;
  const transport = new FakeTransport({
    "runs.page": () => {
      if (broken) throw new AskError({ code: "store", message: "The file is gone." });
      return page(3);
    },
  });
  show(transport, <Asker />);
  await settle(200);
  broken = true;
  transport.announce(5);
  await settle(200);
  expect(out()).toBe("3 The file is gone.");
});

test("leaving the page gives up what is asked", async () => {
  let given: AbortSignal | undefined;
  const transport = new FakeTransport();
  transport.ask = ((_op: string, _request: unknown, options: { signal?: AbortSignal }) => {
    given = options.signal;
    return new Promise(() => {});
  }) as typeof transport.ask;
  const { unmount } = show(transport, <Asker />);
  await settle();
  unmount();
  expect(given?.aborted).toBe(true);
});

test("an edit of our own is heard by every view before anybody announces it", async () => {
  let tell: ReturnType<typeof useTell>;
  function Editor() {
    tell = useTell();
    return <Asker />;
  }
  let total = 1;
  const transport = new FakeTransport({
    "runs.page": () => page(total),
    "runs.trash": () => {
      total = 0;
      return { text: "Put into the trash", count: 1, revision: 77, undo: true };
    },
  });
  show(transport, <Editor />);
  await settle(200);
  expect(out()).toBe("1");
  await act(async () => void (await tell("runs.trash", { runs: ["x"] })));
  await settle(200);
  expect(out()).toBe("0");
});

test("a question that may wait is put when the urgent one is answered, and after a while in any case", async () => {
  const transport = new FakeTransport({ "runs.page": () => page(1) });
  const query = createQueryState(transport);
  const answered = query.urgent();
  const panel = { transport, query, view: createView(), toasts: createToasts(), spec: {} };
  render(
    <Panel.Provider value={panel}>
      <Asker late />
    </Panel.Provider>,
  );
  await settle(100);
  expect(transport.of("runs.page")).toHaveLength(0);
  answered();
  await settle();
  expect(transport.of("runs.page")).toHaveLength(1);
  query.urgent();
  change("b");
  await settle();
  await settle(390);
  expect(transport.of("runs.page")).toHaveLength(1);
  await settle(20);
  expect(transport.of("runs.page")).toHaveLength(2);
});
