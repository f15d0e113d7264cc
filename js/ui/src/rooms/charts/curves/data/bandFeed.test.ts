import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FakeTransport } from "../../../../api/fake";
import type { BandsRequest } from "../../../../contract";
import { BandFeed } from "./bandFeed";

let transport: FakeTransport;
let feed: BandFeed;
const REQUEST: BandsRequest = { groups: { g: ["a", "b"] }, key: "loss", x: "step", width: 100, smoothing: 0 };

beforeEach(() => {
  vi.useFakeTimers();
  transport = new FakeTransport({
    "charts.bands": ({ groups }) => ({
      bands: Object.keys(groups).map((group) => ({
        group,
        xs: [1, 2],
        mean: [3, "NaN"],
        low: [2, "NaN"],
        high: [4, "NaN"],
        runs: 2,
      })),
      revision: 1,
    }),
  });
  feed = new BandFeed(transport);
});
afterEach(() => {
  feed.close();
  vi.useRealTimers();
});

const settle = (wait = 0) => vi.advanceTimersByTimeAsync(wait);

it("keeps the means of a metric as numbers", async () => {
  feed.want("loss", REQUEST, { live: true });
  await settle();
  expect([...(feed.get("loss")?.bands[0]?.mean ?? [])]).toEqual([3, Number.NaN]);
  expect(feed.holds("loss")).toBe(true);
});

it("asks again after news, once a second at most", async () => {
  feed.want("loss", REQUEST, { live: true });
  await settle();
  for (let n = 0; n < 20; n++) {
    feed.news();
    await settle(100);
  }
  expect(transport.asked.length).toBeGreaterThanOrEqual(3);
  expect(transport.asked.length).toBeLessThanOrEqual(4);
});

it("does not ask again what is not live", async () => {
  feed.want("loss", REQUEST, { live: false });
  await settle();
  feed.news();
  await settle(3000);
  expect(transport.asked).toHaveLength(1);
});

it("asks once for a slider that moves, when it has come to rest", async () => {
  feed.want("loss", REQUEST, { live: false });
  await settle();
  for (let n = 1; n <= 10; n++) {
    feed.want("loss", { ...REQUEST, smoothing: n / 20 }, { live: false });
    await settle(30);
  }
  expect(feed.holds("loss")).toBe(false);
  await settle(500);
  expect(transport.of("charts.bands").map(({ smoothing }) => smoothing)).toEqual([0, 0.5]);
});

it("asks again when what an answer was made from is another", async () => {
  feed.want("loss", REQUEST, { live: false, stamp: "1" });
  await settle();
  feed.want("loss", REQUEST, { live: false, stamp: "2" });
  await settle(200);
  expect(transport.asked).toHaveLength(2);
});

it("says what went wrong and goes on asking", async () => {
  const own = transport.answers["charts.bands"];
  transport.answers["charts.bands"] = () => {
    throw new Error("gone");
  };
  feed.want("loss", REQUEST, { live: true });
  await settle();
  expect(feed.error?.message).toContain("gone");
  transport.answers["charts.bands"] = own;
  await settle(1100);
  expect(feed.error).toBeNull();
  expect(feed.get("loss")).toBeDefined();
});
