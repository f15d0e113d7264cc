import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RestTransport } from "./rest";
import { AskError, isAbort, type Link } from "./transport";

type Respond = (url: URL, init: RequestInit) => Response | Promise<Response>;

let respond: Respond;
let calls: { url: URL; init: RequestInit }[];
let transport: RestTransport;

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status, statusText: "Said" });
const polls = (url: URL) => url.pathname.endsWith("project.revision");

beforeEach(() => {
  calls = [];
  respond = () => json({ ok: true, result: { revision: 1 } });
  const send = (async (input: URL, init: RequestInit) => {
    calls.push({ url: input, init });
    return respond(input, init);
  }) as typeof fetch;
  transport = new RestTransport({ base: "http://h/api", assets: "http://h/static", every: 5, fetch: send });
});
afterEach(() => transport.close());

test("what reads is a GET with its payload in the query", async () => {
  respond = (url) => json({ ok: true, result: polls(url) ? { revision: 1 } : { rows: [] } });
  expect(await transport.ask("runs.page", { filter: "a & b" })).toEqual({ rows: [] });
  const call = calls.find(({ url }) => url.pathname.endsWith("runs.page"));
  expect(call?.init.method ?? "GET").toBe("GET");
  expect(JSON.parse(call?.url.searchParams.get("payload") ?? "")).toEqual({ filter: "a & b" });
});

test("what changes something is a POST with its payload as the body", async () => {
  await transport.ask("runs.trash", { runs: ["x"] });
  const call = calls.find(({ url }) => url.pathname.endsWith("runs.trash"));
  expect(call?.init.method).toBe("POST");
  expect(call?.init.body).toBe('{"runs":["x"]}');
});

test("an error of nbtrack keeps its message, hint and column", async () => {
  respond = () => json({ ok: false, error: { code: "filter", message: "Bad.", hint: "Say so.", column: 4 } }, 400);
  await expect(transport.ask("runs.keys", {})).rejects.toMatchObject({ code: "filter", hint: "Say so.", column: 4 });
});

test("a page that is no JSON, as a proxy's, is an error with its status", async () => {
  respond = () => new Response("<h1>Bad gateway</h1>", { status: 502, statusText: "Bad Gateway" });
  await expect(transport.ask("runs.keys", {})).rejects.toMatchObject({
    code: "http",
    message: expect.stringContaining("502"),
  });
});

test("a server that is gone is said, and said again when it is back", async () => {
  const links: Link[] = [];
  transport.onLink((link) => links.push(link));
  respond = () => Promise.reject(new TypeError("Failed to fetch"));
  await expect(transport.ask("runs.keys", {})).rejects.toMatchObject({ code: "unreachable" });
  respond = () => json({ ok: true, result: { keys: [], revision: 1 } });
  await transport.ask("runs.keys", {});
  expect(links).toEqual(["open", "dead", "open"]);
});

test("a question that is given up is rejected as aborted", async () => {
  respond = (_, init) =>
    new Promise((_resolve, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  const controller = new AbortController();
  const asked = transport.ask("runs.keys", {}, { signal: controller.signal });
  controller.abort();
  expect(isAbort(await asked.catch((error: unknown) => error))).toBe(true);
});

test("no answer in time is an error that says how long it waited", async () => {
  respond = (_, init) =>
    new Promise((_resolve, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  const error = await transport.ask("runs.keys", {}, { timeout: 20 }).catch((one: unknown) => one);
  expect(error).toBeInstanceOf(AskError);
  expect(error).toMatchObject({ code: "timeout" });
});

test("revisions are asked for again and again until it is closed", async () => {
  const heard: number[] = [];
  let revision = 0;
  respond = () => json({ ok: true, result: { revision: ++revision } });
  transport.onRevision((one) => heard.push(one));
  await vi.waitFor(() => expect(heard.length).toBeGreaterThan(2), 30_000);
  transport.close();
  const count = calls.length;
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(calls.length).toBeLessThanOrEqual(count + 1);
});

test("a question too long for an address is sent as a body", async () => {
  const also = [`id in (${Array.from({ length: 500 }, (_, at) => `'run-${at}'`).join(", ")})`];
  respond = () => json({ ok: true, result: { rows: [] } });
  await transport.ask("runs.page", { also });
  const call = calls.find(({ url }) => url.pathname.endsWith("runs.page"));
  expect(call?.init.method).toBe("POST");
  expect(JSON.parse(String(call?.init.body))).toEqual({ also });
});

test("the project stands in every address, those of artifacts included", async () => {
  const send = (async (input: URL) => {
    calls.push({ url: input, init: {} });
    return json({ ok: true, result: {} });
  }) as typeof fetch;
  const place = {
    base: "http://h/api",
    assets: "http://h/s",
    artifacts: "http://h/artifacts",
    params: { project: "a b" },
  };
  const own = new RestTransport({ ...place, fetch: send, revisions: () => () => {} });
  await own.ask("runs.trash", { runs: ["x"] });
  expect(calls.at(-1)?.url.searchParams.get("project")).toBe("a b");
  expect(own.artifact("r1", "plots/a?b.png")).toBe("http://h/artifacts/r1/plots/a%3Fb.png?project=a+b");
  expect(transport.artifact("r1", "x")).toBeNull();
  own.close();
});

test("given another way to hear of revisions, none is asked for", async () => {
  let tell = (_: number) => {};
  let left = false;
  const revisions = (listener: (revision: number) => void) => {
    tell = listener;
    return () => {
      left = true;
    };
  };
  calls = [];
  const own = new RestTransport({ base: "http://q/api", assets: "http://q/static", every: 1, revisions });
  const heard: number[] = [];
  own.onRevision((revision) => heard.push(revision));
  tell(7);
  await new Promise((resolve) => setTimeout(resolve, 20));
  own.close();
  expect(heard).toEqual([7]);
  expect(left).toBe(true);
  expect(calls.filter(({ url }) => url.host === "q")).toEqual([]);
});
