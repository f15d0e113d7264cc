import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Changes } from "./changes";

/** A socket that the test opens, lets speak and closes. */
class Socket {
  static all: Socket[] = [];
  static get last(): Socket {
    return Socket.all[Socket.all.length - 1] as Socket;
  }
  readyState: number = WebSocket.CONNECTING;
  said: string[][] = [];
  onopen = () => {};
  onclose = () => {};
  onmessage: (event: { data: unknown }) => void = () => {};

  constructor() {
    Socket.all.push(this);
  }
  send(text: string): void {
    if (this.readyState !== WebSocket.OPEN) throw new Error("not open");
    this.said.push(JSON.parse(text).watch);
  }
  open(): void {
    this.readyState = WebSocket.OPEN;
    this.onopen();
  }
  close(): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose();
  }
  tell(project: unknown, revision: unknown): void {
    this.onmessage({ data: JSON.stringify({ project, revision }) });
  }
}

const socket = () => new Socket() as unknown as WebSocket;
const never = () => new Promise<number>(() => {});
const ticks = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

function changes(ask: (project: string) => Promise<number> = never, make = socket): Changes {
  return new Changes({ socket: make, ask, every: 1000 });
}

beforeEach(() => {
  vi.useFakeTimers();
  Socket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("a page that shows no project opens no socket", async () => {
  const ask = vi.fn(never);
  changes(ask);
  await ticks(60_000);
  expect(Socket.all).toEqual([]);
  expect(ask).not.toHaveBeenCalled();
});

test("one socket hears of all projects, and each listener of its own", () => {
  const all = changes();
  const [a, b, c] = [vi.fn(), vi.fn(), vi.fn()];
  all.listen("a", a);
  all.listen("b", b);
  Socket.last.open();
  all.listen("c", c);
  expect(Socket.all).toHaveLength(1);
  expect(Socket.last.said).toEqual([
    ["a", "b"],
    ["a", "b", "c"],
  ]);
  Socket.last.tell("b", 4);
  expect([a, b, c].map((one) => one.mock.calls)).toEqual([[], [[4]], []]);
});

test("revisions arrive in their order, and none twice", () => {
  const all = changes();
  const heard: number[] = [];
  all.listen("a", (revision) => heard.push(revision));
  Socket.last.open();
  for (const revision of [1, 1, 2, 5, 5]) Socket.last.tell("a", revision);
  expect(heard).toEqual([1, 2, 5]);
});

test("a project that was begun anew has smaller revisions, which are told too", () => {
  const all = changes();
  const tell = vi.fn();
  all.listen("a", tell);
  Socket.last.open();
  Socket.last.tell("a", 90);
  Socket.last.tell("a", 2);
  expect(tell.mock.calls).toEqual([[90], [2]]);
});

test("who listens later hears what is known, once, and not before it has its handle", async () => {
  const all = changes();
  all.listen("a", () => {});
  Socket.last.open();
  Socket.last.tell("a", 7);
  const later = vi.fn();
  all.listen("a", later);
  expect(later).not.toHaveBeenCalled();
  await ticks(0);
  expect(later.mock.calls).toEqual([[7]]);
});

test("who stops listening at once hears nothing", async () => {
  const all = changes();
  all.listen("a", () => {});
  Socket.last.open();
  Socket.last.tell("a", 7);
  const later = vi.fn();
  all.listen("a", later)();
  await ticks(0);
  Socket.last.tell("a", 8);
  expect(later).not.toHaveBeenCalled();
});

test("when the last listener of a project has gone, the server is told, and only then", () => {
  const all = changes();
  const first = all.listen("a", () => {});
  const second = all.listen("a", () => {});
  all.listen("b", () => {});
  Socket.last.open();
  first();
  first(); // ended twice is ended once
  expect(Socket.last.said).toEqual([["a", "b"]]);
  second();
  expect(Socket.last.said).toEqual([["a", "b"], ["b"]]);
});

test("a project that is watched again does not hear an old revision as known", async () => {
  const all = changes();
  all.listen("b", () => {});
  const end = all.listen("a", () => {});
  Socket.last.open();
  Socket.last.tell("a", 3);
  end();
  Socket.last.tell("a", 4); // on its way when the server was told
  const tell = vi.fn();
  all.listen("a", tell);
  await ticks(0);
  expect(tell).not.toHaveBeenCalled();
  Socket.last.tell("a", 4);
  expect(tell.mock.calls).toEqual([[4]]);
});

test("a listener that is taken off by one before it is not called", () => {
  const all = changes();
  const second = vi.fn();
  let end = () => {};
  all.listen("a", () => end());
  end = all.listen("a", second);
  Socket.last.open();
  Socket.last.tell("a", 1);
  expect(second).not.toHaveBeenCalled();
});

test("a listener that throws does not keep the news from the others", () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const all = changes();
  const second = vi.fn();
  all.listen("a", () => {
    throw new Error("a view's fault");
  });
  all.listen("a", second);
  Socket.last.open();
  Socket.last.tell("a", 1);
  expect(second.mock.calls).toEqual([[1]]);
  expect(error).toHaveBeenCalledOnce();
});

test.each(["", "{", "null", "7", "[]", '"a"', '{"project": "a"}', '{"project": "a", "revision": "2"}', "{}"])(
  "the message %s is passed over, and the next is heard",
  (data) => {
    const all = changes();
    const tell = vi.fn();
    all.listen("a", tell);
    Socket.last.open();
    Socket.last.onmessage({ data });
    expect(tell).not.toHaveBeenCalled();
    Socket.last.tell("a", 3);
    expect(tell.mock.calls).toEqual([[3]]);
  },
);

test("a socket that is lost is opened again, and says all that is shown then", async () => {
  const all = changes();
  const tell = vi.fn();
  all.listen("a", tell);
  Socket.last.open();
  Socket.last.tell("a", 1);
  Socket.last.close();
  all.listen("b", () => {});
  await ticks(1000);
  expect(Socket.all).toHaveLength(2);
  Socket.last.open();
  expect(Socket.last.said).toEqual([["a", "b"]]);
  Socket.last.tell("a", 1); // what the server says at once is no news
  Socket.last.tell("a", 2);
  expect(tell.mock.calls).toEqual([[1], [2]]);
});

test("while there is no socket revisions are asked for, and no more once there is one", async () => {
  let now = 1;
  const ask = vi.fn(async () => now);
  const all = changes(ask);
  const tell = vi.fn();
  all.listen("a", tell);
  for (let time = 0; time < 4; time += 1) {
    Socket.last.close();
    now += 1;
    await ticks(9000);
  }
  expect(tell.mock.calls.length).toBeGreaterThanOrEqual(4);
  Socket.last.open();
  const before = ask.mock.calls.length;
  await ticks(60_000);
  expect(ask.mock.calls.length).toBe(before);
});

test("a socket that cannot even be made is tried again, with questions meanwhile", async () => {
  let times = 0;
  const ask = vi.fn(async () => 5);
  const all = changes(ask, () => {
    times += 1;
    if (times < 3) throw new DOMException("insecure", "SecurityError");
    return socket();
  });
  const tell = vi.fn();
  all.listen("a", tell);
  await ticks(10_000);
  expect(tell.mock.calls).toEqual([[5]]);
  expect(times).toBe(3);
  Socket.last.open();
  expect(Socket.last.said).toEqual([["a"]]);
});

test("sockets that keep failing are tried less and less often, but for good", async () => {
  const all = changes(async () => 1);
  all.listen("a", () => {});
  const tried: number[] = [];
  for (let second = 0; second < 300; second += 1) {
    if (Socket.last.readyState === WebSocket.CONNECTING) {
      tried.push(second);
      Socket.last.close();
    }
    await ticks(1000);
  }
  const waits = tried.slice(1).map((time, at) => time - (tried[at] ?? 0));
  expect(waits.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
  expect(Math.max(...waits)).toBe(30);
  expect(waits.length).toBeGreaterThan(10);
});

test("a server that does not answer is asked once for each try of a socket", async () => {
  const ask = vi.fn(async () => Promise.reject(new Error("unreachable")));
  const all = changes(ask);
  all.listen("a", () => {});
  let tries = 0;
  for (let second = 0; second < 120; second += 1) {
    if (Socket.last.readyState === WebSocket.CONNECTING) {
      tries += 1;
      Socket.last.close();
    }
    await ticks(1000);
  }
  expect(tries).toBeGreaterThan(5);
  expect(ask).toHaveBeenCalledTimes(tries);
});

test("a slow answer is waited for, not asked for again", async () => {
  const ask = vi.fn(never);
  const all = changes(ask);
  all.listen("a", () => {});
  for (let time = 0; time < 5; time += 1) {
    Socket.last.close();
    await ticks(20_000);
  }
  expect(ask).toHaveBeenCalledOnce();
});

test("an answer that is older than what a socket said meanwhile is passed over", async () => {
  let answer = (_: number) => {};
  const all = changes(() => new Promise((resolve) => (answer = resolve)));
  const tell = vi.fn();
  all.listen("a", tell);
  Socket.last.close();
  await ticks(1000);
  Socket.last.open();
  Socket.last.tell("a", 9);
  answer(8);
  await ticks(0);
  expect(tell.mock.calls).toEqual([[9]]);
});

test("a project whose question fails does not keep the others from their revisions", async () => {
  const all = changes(async (project) => (project === "bad" ? Promise.reject(new Error("newer version")) : 3));
  const [bad, good] = [vi.fn(), vi.fn()];
  all.listen("bad", bad);
  all.listen("good", good);
  Socket.last.close();
  await ticks(0);
  expect(bad).not.toHaveBeenCalled();
  expect(good.mock.calls).toEqual([[3]]);
});

test("when the network is back the socket is tried at once", async () => {
  const own: Socket[] = []; // the event reaches those of the other tests, too
  const all = changes(never, () => {
    own.push(new Socket());
    return own[own.length - 1] as unknown as WebSocket;
  });
  all.listen("a", () => {});
  for (const wait of [1000, 2000, 4000, 8000, 0]) {
    own[own.length - 1]?.close();
    await ticks(wait);
  }
  expect(own).toHaveLength(5); // and the next would come in 16 seconds
  window.dispatchEvent(new Event("online"));
  expect(own).toHaveLength(6);
  window.dispatchEvent(new Event("online")); // one that is being tried stays
  own[5]?.open();
  window.dispatchEvent(new Event("online"));
  await ticks(60_000);
  expect(own).toHaveLength(6);
});

test("when nobody listens any more a lost socket is not opened again, until somebody does", async () => {
  const ask = vi.fn(async () => 1);
  const all = changes(ask);
  const end = all.listen("a", () => {});
  Socket.last.open();
  end();
  Socket.last.close();
  await ticks(60_000);
  expect(Socket.all).toHaveLength(1);
  expect(ask).not.toHaveBeenCalled();
  all.listen("b", () => {});
  expect(Socket.all).toHaveLength(2);
});
