// What is said of the metrics of one run.
import { useEffect } from "react";
import type { Key, Summary } from "../../contract";
import { toNumber } from "../../lib/format";
import { useAsk } from "../../state/query";
import { useView } from "../../state/view";
import { useRoom, useSetRoom } from "./state";

export type Direction = "min" | "max" | null;

/** Which direction is better, by metric: as chosen in the table, else as the name says. */
export function useDirections(metrics: readonly string[]): (metric: string) => Direction {
  const chosen = useView((view) => view.better);
  const known = useRoom((room) => room.directions);
  const setRoom = useSetRoom();
  // A project may have ten thousand keys: they are asked for once, not with every run that is opened.
  const { data } = useAsk("runs.keys", {}, { off: metrics.every((one) => one in known), every: 5000 });
  const asked = JSON.stringify(metrics);
  useEffect(() => {
    if (data) setRoom({ directions: directionsIn(data.keys, JSON.parse(asked)) });
  }, [data, setRoom, asked]);
  return (metric) => {
    const own = Object.hasOwn(chosen, metric) ? chosen[metric] : undefined;
    if (own) return own === "none" ? null : own;
    return known[metric] ?? null;
  };
}

/** The directions that the names say; those that were asked for are in it even where the project does not know them. */
export function directionsIn(keys: readonly Key[], asked: readonly string[]): Record<string, Direction> {
  const found: Record<string, Direction> = Object.create(null);
  for (const metric of asked) found[metric] = null;
  for (const { kind, name, better } of keys) if (kind === "metric") found[name] = better;
  return found;
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
