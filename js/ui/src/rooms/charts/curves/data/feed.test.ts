import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeTransport } from "../../../../api/fake";
import { AskError } from "../../../../api/transport";
import type { Series, SeriesAnswer, SeriesRequest, TailRequest } from "../../../../contract";
import { Feed, type Wanted } from "./feed";

/** A project that logs: how many points each curve has, and what it answers. */
class Project {
  readonly counts = new Map<string, number>();
  /** Points that a whole answer keeps of a curve. */
  most = 400;

  log(run: string, key: string, by: number): void {
    const name = `${run} ${key}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + by);
  }

  curve(run: string, key: string, after: number, most = Number.POSITIVE_INFINITY): Series | null {
    const total = this.counts.get(`${run} ${key}`) ?? 0;
    if (total <= after) return null;
    const count = Math.min(total - after, most);
    const steps = Array.from({ length: count }, (_, i) => after + Math.floor((i * (total - after)) / count));
    return { run, key, steps, times: steps, values: steps.map((one) => one * 2), total, xs: null };
  }

  series = ({ runs, keys }: SeriesRequest): SeriesAnswer =>
    this.answer(runs.flatMap((run) => keys.map((key) => this.curve(run, key, 0, this.most))));

  tail = ({ curves }: TailRequest): SeriesAnswer =>
    this.answer(curves.map(({ run, key, after }) => this.curve(run, key, after)));

  answer = (series: (Series | null)[]): SeriesAnswer => ({
    series: series.filter((one) => one !== null),
    revision: 1,
    missing: [],
  });
}

let project: Project;
let transport: FakeTransport;
let feed: Feed;
const WANTED: Wanted = {
  runs: [{ id: "a", running: true }],
  keys: ["loss"],
  x: "step",
  xKey: null,
  width: 100,
  window: null,
};

beforeEach(() => {
  vi.useFakeTimers();
  project = new Project();
  transport = new FakeTransport({ "runs.series": project.series, "charts.tail": project.tail });
  feed = new Feed(transport);
});
afterEach(() => {
  feed.close();
  vi.useRealTimers();
});

const settle = (wait = 0) => vi.advanceTimersByTimeAsync(wait);
const values = (run = "a", key = "loss") => {
  const points = feed.get(run, key);
  return points ? [...points.values.subarray(0, points.length)] : undefined;
};

describe("Feed", () => {
  it("asks for a curve whole once, then only for what is new", async () => {
    project.log("a", "loss", 3);
    feed.want(WANTED);
    await settle();
    expect(values()).toEqual([0, 2, 4]);
    project.log("a", "loss", 2);
    feed.news();
    await settle();
    expect(values()).toEqual([0, 2, 4, 6, 8]);
    expect(transport.of("runs.series")).toHaveLength(1);
    expect(transport.of("charts.tail")).toEqual([{ curves: [{ run: "a", key: "loss", after: 3 }], width: 100 }]);
  });

  it("finds the first points of a metric that a running run did not have", async () => {
    feed.want(WANTED);
    await settle();
    expect(values()).toEqual([]);
    project.log("a", "loss", 2);
    feed.news();
    await settle();
    expect(values()).toEqual([0, 2]);
  });

  it("asks nothing without news, and nothing about runs that have ended", async () => {
    project.log("a", "loss", 3);
    feed.want({ ...WANTED, runs: [{ id: "a", running: false }] });
    await settle();
    feed.news();
    await settle();
    feed.want({ ...WANTED, runs: [{ id: "a", running: false }] });
    await settle(5000);
    expect(transport.asked.map(({ op }) => op)).toEqual(["runs.series"]);
  });

  it("asks once more after a run has ended: what it logged last may not have been there", async () => {
    project.log("a", "loss", 1);
    feed.want(WANTED);
    await settle();
    project.log("a", "loss", 1);
    const ended = { ...WANTED, runs: [{ id: "a", running: false }] };
    feed.want(ended);
    await settle();
    expect(values()).toEqual([0, 2]);
    feed.news();
    feed.want({ ...ended });
    await settle();
    expect(transport.of("charts.tail")).toHaveLength(1);
  });

  it("asks only for the new run when one comes", async () => {
    project.log("a", "loss", 1);
    project.log("b", "loss", 1);
    feed.want(WANTED);
    await settle();
    feed.want({ ...WANTED, runs: [...WANTED.runs, { id: "b", running: true }] });
    await settle();
    expect(transport.of("runs.series").map(({ runs }) => runs)).toEqual([["a"], ["b"]]);
    expect(values("b")).toEqual([0]);
  });

  it("puts one question after the other when news come faster than answers", async () => {
    project.log("a", "loss", 1);
    feed.want(WANTED);
    await settle();
    let answer: (() => void) | undefined;
    transport.answers["charts.tail"] = (request) =>
      new Promise((take) => {
        answer = () => take(project.tail(request));
      });
    project.log("a", "loss", 1);
    feed.news();
    await settle();
    project.log("a", "loss", 1);
    feed.news();
    feed.news();
    await settle();
    expect(transport.of("charts.tail")).toHaveLength(1);
    answer?.();
    await settle();
    expect(transport.of("charts.tail")).toHaveLength(2);
    answer?.();
    await settle();
    expect(values()).toEqual([0, 2, 4]);
    expect(transport.of("charts.tail")).toHaveLength(2);
  });

  it("asks for a curve whole again when it has outgrown its pixels, and loses no point of then", async () => {
    project.log("a", "loss", 10);
    feed.want(WANTED);
    await settle();
    for (let n = 0; n < 9; n++) {
      project.log("a", "loss", 100);
      feed.news();
      await settle();
    }
    expect(transport.of("runs.series")).toHaveLength(2);
    expect(feed.get("a", "loss")?.total).toBe(910);
    project.log("a", "loss", 1);
    feed.news();
    await settle();
    expect(values()?.at(-1)).toBe(1820);
  });

  it("drops what came of a question that another answer has overtaken", async () => {
    project.log("a", "loss", 1);
    feed.want(WANTED);
    await settle();
    let answer: ((value: SeriesAnswer) => void) | undefined;
    transport.answers["charts.tail"] = () => new Promise((take) => (answer = take));
    project.log("a", "loss", 1);
    feed.news();
    await settle();
    const late = project.tail({ curves: [{ run: "a", key: "loss", after: 1 }] });
    project.counts.set("a loss", 500);
    project.most = 500;
    feed.want({ ...WANTED, x: "metric", xKey: "acc" });
    await settle();
    answer?.(late);
    await settle();
    expect(feed.get("a", "loss")?.total).toBe(500);
    expect(feed.get("a", "loss")?.length).toBe(500);
  });

  it("shows the coarse curve of a zoom until the finer one is there", async () => {
    project.log("a", "loss", 5000);
    feed.want({ ...WANTED, runs: [{ id: "a", running: false }] });
    await settle();
    expect(values()).toHaveLength(400);
    let answer: (() => void) | undefined;
    transport.answers["runs.series"] = (request) =>
      new Promise((take) => {
        answer = () => take(project.series(request));
      });
    project.most = 450;
    feed.want({ ...WANTED, runs: [{ id: "a", running: false }], window: [10, 20] });
    await settle();
    expect(transport.of("runs.series").at(-1)?.window).toEqual([10, 20]);
    expect(values()).toHaveLength(400);
    answer?.();
    await settle();
    expect(values()).toHaveLength(450);
    feed.want({ ...WANTED, runs: [{ id: "a", running: false }] });
    expect(values()).toHaveLength(400);
    expect(transport.of("runs.series")).toHaveLength(2);
  });

  it("asks for nothing finer than all points", async () => {
    project.log("a", "loss", 50);
    feed.want(WANTED);
    await settle();
    feed.want({ ...WANTED, window: [10, 20] });
    await settle();
    expect(transport.of("runs.series")).toHaveLength(1);
    project.log("a", "loss", 1);
    feed.news();
    await settle();
    expect(values()).toHaveLength(51);
  });

  it("asks curves over another metric whole, once a second at most", async () => {
    project.log("a", "loss", 5);
    feed.want({ ...WANTED, x: "metric", xKey: "acc" });
    await settle();
    for (let n = 0; n < 10; n++) {
      project.log("a", "loss", 1);
      feed.news();
      await settle(100);
    }
    await settle(2000);
    expect(transport.of("charts.tail")).toHaveLength(0);
    expect(transport.of("runs.series").length).toBeLessThanOrEqual(4);
    expect(values()).toHaveLength(15);
    expect(transport.of("runs.series")[0]).toMatchObject({ x: "metric", x_key: "acc" });
  });

  it("says what went wrong, keeps what is shown, rests, and asks again by itself", async () => {
    project.log("a", "loss", 2);
    feed.want(WANTED);
    await settle();
    transport.answers["charts.tail"] = () => {
      throw new AskError({ code: "timeout", message: "No answer." });
    };
    const said = vi.fn();
    feed.listenError(said);
    project.log("a", "loss", 1);
    feed.news();
    await settle();
    expect(feed.error?.message).toBe("No answer.");
    expect(values()).toEqual([0, 2]);
    feed.news();
    feed.news();
    await settle();
    expect(transport.of("charts.tail")).toHaveLength(1);
    transport.answers["charts.tail"] = project.tail;
    await settle(2100);
    expect(values()).toEqual([0, 2, 4]);
    expect(feed.error).toBeNull();
    expect(said).toHaveBeenCalledTimes(2);
  });

  it("tells only those who listen to the metric", async () => {
    project.log("a", "loss", 1);
    project.log("a", "acc", 1);
    const [loss, acc] = [vi.fn(), vi.fn()];
    feed.listen("loss", loss);
    feed.listen("acc", acc);
    feed.want({ ...WANTED, keys: ["loss", "acc"] });
    await settle();
    loss.mockClear();
    acc.mockClear();
    project.log("a", "acc", 1);
    feed.news();
    await settle();
    expect(acc).toHaveBeenCalledOnce();
    expect(loss).not.toHaveBeenCalled();
  });

  it("sends no more than a curve's name and place for each tick, however long its history", async () => {
    project.log("a", "loss", 100_000);
    feed.want(WANTED);
    await settle();
    project.log("a", "loss", 3);
    feed.news();
    await settle();
    expect(JSON.stringify(transport.of("charts.tail")[0]).length).toBeLessThan(100);
    expect(project.tail(transport.of("charts.tail")[0] as TailRequest).series[0]?.values).toHaveLength(3);
  });
});
