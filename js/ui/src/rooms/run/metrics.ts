// What is said of the metrics of one run.
import type { Key, Summary } from "../../contract";
import { toNumber } from "../../lib/format";
import { useAsk } from "../../state/query";
import { useView } from "../../state/view";

export type Direction = "min" | "max" | null;

/** Which direction is better, by metric: as chosen in the table, else as the name says. */
export function useDirections(): (metric: string) => Direction {
  const chosen = useView((view) => view.better);
  const { data } = useAsk("runs.keys", {}, { every: 10_000 });
  return (metric) => directionOf(metric, chosen, data?.keys ?? []);
}

export function directionOf(metric: string, chosen: Record<string, string>, keys: readonly Key[]): Direction {
  const own = Object.hasOwn(chosen, metric) ? chosen[metric] : undefined;
  if (own) return own === "min" || own === "max" ? own : null;
  return keys.find((key) => key.kind === "metric" && key.name === metric)?.better ?? null;
}

/** Which of a metric's figures is its best; none where it has one value only, or no direction. */
export function bestOf(summary: Summary, direction: Direction): "min" | "max" | null {
  if (!direction || summary.count < 2 || Number.isNaN(toNumber(summary[direction]))) return null;
  return direction;
}

/** Whether a change of a metric is for the better. */
export function verdict(left: number, right: number, direction: Direction): "better" | "worse" | null {
  if (!direction || left === right || Number.isNaN(left - right)) return null;
  return right > left === (direction === "max") ? "better" : "worse";
}
