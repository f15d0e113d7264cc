import { act, cleanup, render } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeTransport } from "../../../api/fake";
import { allColumns } from "../../../lib/columns";
import { Panel } from "../../../state/panel";
import { createQueryState } from "../../../state/query";
import { createToasts } from "../../../state/toasts";
import { createView } from "../../../state/view";
import { row } from "../toolbar/fixture";
import { layoutOf } from "./layout";
import { type Spark, useSparks } from "./useSparks";

const [column] = allColumns([{ kind: "metric", name: "loss", runs: 1, types: ["float"], better: "min" }]).filter(
  ({ id }) => id === "metrics.loss",
);
if (!column) throw new Error("no column");
const layout = layoutOf([column], new Set(), () => 200, 0);
const loss = { last: 1, min: 0, max: 1, mean: 0.5, count: 9, last_step: 8, source: "explicit" as const };
let spark: Spark;

function Cells({ revision }: { revision: number }) {
  spark = useSparks([row("r", { revision, status: "running", metrics: { loss } })], layout, [0, 1], 0);
  return null;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

test("a small curve that takes long comes, though the run goes on meanwhile", async () => {
  const series = { run: "r", key: "loss", steps: [0, 1], times: [0, 1], values: [1, 0], total: 2, xs: null };
  const answer = { series: [series], revision: 1, missing: [] };
  const transport = new FakeTransport({
    "runs.series": () => new Promise((resolve) => setTimeout(resolve, 900, answer)),
  });
  const panel = { transport, query: createQueryState(transport), view: createView(), toasts: createToasts(), spec: {} };
  const shown = (revision: number) => (
    <Panel.Provider value={panel}>
      <Cells revision={revision} />
    </Panel.Provider>
  );
  const { rerender } = render(shown(1));
  for (let revision = 2; revision < 8; revision++) {
    await act(async () => void (await vi.advanceTimersByTimeAsync(250)));
    rerender(shown(revision));
  }
  expect(spark.path("r", "loss")).toMatch(/^M/);
  expect(transport.of("runs.series")).toHaveLength(1);
});
