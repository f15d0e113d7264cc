// Small pieces of a line: the sign of a status, the metric with its direction, the curve.
import type { MainMetric } from "../../contract";
import { number, toNumber } from "../../lib/format";
import { STATUS } from "../../parts/Marks";
import { curve } from "../run/Sparkline";
import type { Directions, RunStatus } from "./memory";
import { better } from "./memory";

export function StatusSign({ status }: { status: RunStatus }) {
  return (
    <span className={`nbt-status nbt-status-${status}`}>
      <span className="nbt-status-sign" aria-hidden="true">
        {STATUS[status] ?? "·"}
      </span>
      <span className="nbt-sr">{status}</span>
    </span>
  );
}

interface MetricProps {
  metric: MainMetric | null;
  directions: Directions;
  colour: string;
}

const ARROWS = { max: "↑", min: "↓" } as const;

/** The curve, then the name, which gives way first, and the value. */
export function Metric({ metric, directions, colour }: MetricProps) {
  if (!metric) return null;
  const way = better(metric, directions);
  return (
    <span className="nbt-side-metric">
      <Curve values={metric.spark} colour={colour} />
      <bdi className="nbt-side-key">{metric.name.slice(0, 200)}</bdi>
      {way && (
        <span className="nbt-side-way" aria-hidden="true">
          {ARROWS[way]}
        </span>
      )}
      <span className="nbt-side-value">{number(toNumber(metric.value))}</span>
      {way && <span className="nbt-sr">{way === "max" ? " higher is better" : " lower is better"}</span>}
    </span>
  );
}

function Curve({ values, colour }: { values: MainMetric["spark"]; colour: string }) {
  const drawn = values.length > 1 ? curve({ steps: values.map((_, at) => at), values }) : null;
  return (
    <svg className="nbt-side-spark" viewBox="0 0 72 18" preserveAspectRatio="none" aria-hidden="true">
      {drawn && <path d={drawn.path} stroke={colour} />}
    </svg>
  );
}
