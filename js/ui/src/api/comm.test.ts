import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CommTransport, type PanelModel } from "./comm";
import { AskError, isAbort, type Link } from "./transport";

type Listener = (message: unknown, buffers: DataView[]) => void;
interface Sent {
  v: number;
  id: number;
  op?: string;
  asset?: string;
  hello?: object;
  cancel?: boolean;
  view?: string;
  shown?: boolean;
  gone?: boolean;
}

class FakePush {
  comm_live = true;
  listeners = new Map<string, Listener>();
  on(event: string, listener: Listener) {
    this.listeners.set(event, listener);
  }
  off(event: string) {
    this.listeners.delete(event);
  }
  announce(revision: unknown) {
    this.listeners.get("msg:custom")?.({ v: 1, revision }, []);
  }
  die() {
    this.comm_live = false;
    this.listeners.get("comm_live_update")?.({}, []);
  }
}

/** A kernel that answers what the test says, when the test says. */
class FakeModel {
  sent: Sent[] = [];
  push: FakePush | null = new FakePush();
  listener: Listener | undefined;
  broken = false;
  widget_manager = {
    get_model: async () => {
      if (!this.push) throw new Error("widget model not found");
      return this.push;
    },
  };
  get = (name: string) => (name === "push" ? "IPY_MODEL_abc" : undefined);
  send = (message: object) => {
    if (this.broken) throw new Error("Comm is closed");
    this.sent.push(message as Sent);
  };
  on = (_: "msg:custom", listener: Listener) => {
    this.listener = listener;
  };
  off = () => {
    this.listener = undefined;
  };
  of(op: string) {
    return this.sent.filter((one) => one.op === op);
  }
  answer(id: number, result: unknown, buffers: DataView[] = []) {
    this.listener?.({ v: 1, id, ok: true, result }, buffers);
  }
  fail(id: number, error: unknown) {
    this.listener?.({ v: 1, id, ok: false, error }, []);
  }
  hello(operations: string[], version = "0.1.0") {
    const greeting = this.sent.find((one) => one.hello);
    this.answer(greeting?.id ?? -1, { version, protocol: 1, operations });
  }
}

let model: FakeModel;
let transport: CommTransport;
const idOf = (op: string) => model.of(op).at(-1)?.id ?? -1;

beforeEach(async () => {
  vi.useFakeTimers();
  model = new FakeModel();
  transport = new CommTransport(model as unknown as PanelModel);
  await vi.advanceTimersByTimeAsync(0);
});
afterEach(() => {
  transport.close();
  vi.useRealTimers();
});

describe("a question", () => {
  test("gets the answer with its own id, in whatever order they come", async () => {
    const first = transport.ask("runs.page", { limit: 1 });
    const second = transport.ask("runs.page", { limit: 2 });
    const [one, two] = model.of("runs.page");
    model.answer(two?.id ?? -1, "second");
    model.answer(one?.id ?? -1, "first");
    expect(await Promise.all([first, second])).toEqual(["first", "second"]);
  });

  test("that Python refuses is rejected with its message and hint", async () => {
    const asked = transport.ask("runs.get", { run: "x" });
    model.fail(idOf("runs.get"), { code: "not_found", message: "No run 'x'.", hint: "Closest: 'y'.", column: null });
    await expect(asked).rejects.toMatchObject({ code: "not_found", message: "No run 'x'.", hint: "Closest: 'y'." });
  });

  test("that is given up tells the kernel and is rejected as aborted", async () => {
    const controller = new AbortController();
    const asked = transport.ask("runs.keys", {}, { signal: controller.signal });
    const id = idOf("runs.keys");
    controller.abort();
    expect(isAbort(await asked.catch((error: unknown) => error))).toBe(true);
    expect(model.sent.at(-1)).toEqual({ v: 1, id, cancel: true });
    model.answer(id, "too late"); // must disturb nobody
  });

  test("without an answer in time is an error that says so", async () => {
    const asked = transport.ask("runs.keys", {}, { timeout: 3000 });
    const caught = asked.catch((error: AskError) => error);
    await vi.advanceTimersByTimeAsync(3000);
    expect(await caught).toMatchObject({ code: "timeout", message: "The kernel has not answered for 3 s." });
  });

  test("to an older kernel that does not know it is refused at once, with both sides named", async () => {
    model.hello(["runs.page"], "0.0.9");
    await vi.advanceTimersByTimeAsync(0);
    const count = model.sent.length;
    await expect(transport.ask("runs.keys", {})).rejects.toMatchObject({
      code: "unknown_operation",
      message: expect.stringContaining("0.0.9"),
    });
    expect(model.sent.length).toBe(count);
  });

  test("whose answer is no answer does not hang", async () => {
    const asked = transport.ask("runs.keys", {});
    model.listener?.({ v: 1, id: idOf("runs.keys") }, []);
    await expect(asked).rejects.toBeInstanceOf(AskError);
    model.listener?.(null, []); // and what is no message at all is passed over
  });
});

test("a file comes as bytes beside the answer", async () => {
  const asked = transport.asset("plotly.js");
  const id = model.sent.find((one) => one.asset)?.id ?? -1;
  model.answer(id, undefined, [new DataView(new TextEncoder().encode("export default 1 // ü").buffer)]);
  expect(await asked).toBe("export default 1 // ü");
});

describe("announcements", () => {
  test("reach every listener until it ends", () => {
    const heard: number[] = [];
    const end = transport.onRevision((revision) => heard.push(revision));
    model.push?.announce(7);
    model.push?.announce("no number");
    end();
    model.push?.announce(8);
    expect(heard).toEqual([7]);
  });

  test("are replaced by a question a second where the second model is not found", async () => {
    transport.close();
    model = new FakeModel();
    model.push = null;
    transport = new CommTransport(model as unknown as PanelModel);
    const heard: number[] = [];
    transport.onRevision((revision) => heard.push(revision));
    await vi.advanceTimersByTimeAsync(1);
    model.answer(idOf("project.revision"), { revision: 3 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(model.of("project.revision").length).toBe(2);
    expect(heard).toEqual([3]);
  });
});

describe("the kernel", () => {
  const watch = () => {
    const links: Link[] = [];
    transport.onLink((link) => links.push(link));
    return links;
  };

  test("that does not answer for two seconds is busy, and open again with its answer", async () => {
    const links = watch();
    const asked = transport.ask("runs.keys", {});
    await vi.advanceTimersByTimeAsync(2100);
    model.answer(idOf("runs.keys"), { keys: [] });
    await asked;
    expect(links).toEqual(["open", "busy", "open"]);
  });

  test("that is gone rejects what waits and what comes after, at once", async () => {
    const links = watch();
    const asked = transport.ask("runs.keys", {});
    model.push?.die();
    await expect(asked).rejects.toMatchObject({ code: "kernel_dead" });
    await expect(transport.ask("runs.keys", {})).rejects.toMatchObject({ code: "kernel_dead" });
    expect(links).toEqual(["open", "dead"]);
  });

  test("whose comm is closed is gone too", async () => {
    const links = watch();
    model.broken = true;
    await expect(transport.ask("runs.keys", {})).rejects.toMatchObject({ code: "kernel_dead" });
    expect(links.at(-1)).toBe("dead");
  });
});

test("closing rejects what waits, says that nothing is shown, and leaves no listener", async () => {
  const asked = transport.ask("runs.keys", {});
  const caught = asked.catch((error: unknown) => error);
  transport.close();
  expect(isAbort(await caught)).toBe(true);
  const [first, last] = [model.sent[0], model.sent.at(-1)];
  expect(first).toEqual({ v: 1, view: first?.view, shown: true });
  expect(last).toEqual({ v: 1, view: first?.view, shown: false });
  expect(model.listener).toBeUndefined();
  expect(model.push?.listeners.size).toBe(0);
});

test("a view that went with its output says so, once", () => {
  transport.close(true);
  transport.close();
  expect(model.sent.filter((one) => one.shown === false)).toEqual([expect.objectContaining({ gone: true })]);
});

test("a page that is left says that the view is not shown any more", () => {
  dispatchEvent(new Event("pagehide"));
  expect(model.sent.at(-1)).toMatchObject({ shown: false });
  expect(model.sent.at(-1)).not.toHaveProperty("gone");
});
