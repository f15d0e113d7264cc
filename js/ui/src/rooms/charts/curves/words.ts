// What is said of a place on a chart: in the tooltip, and to a screen reader.
import { duration, number, value } from "../../../lib/format";
import type { CurveOptions } from "../../../state/view";
import type { Row } from "./calc/near";

/** A place of the x axis, in words. */
export function xText(x: number, { x: axis, xKey }: Pick<CurveOptions, "x" | "xKey">): string {
  switch (axis) {
    case "step":
      return `step ${number(Math.round(x))}`;
    case "relative":
      return duration(Math.max(0, x));
    case "time":
      return new Date(x * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
    default:
      return `${xKey ?? "x"} ${value(Number(x.toPrecision(4)))}`;
  }
}

const SAID = 5; // values that are read out

/** "step 120: adam 0.91, sgd 0.88 and 3 more". */
export function spoken(x: string, rows: readonly Row[], more: number): string {
  const said = rows.slice(0, SAID).map(({ line, value: one }) => `${line.label} ${number(one)}`);
  const others = rows.length - said.length + more;
  return `${x}: ${said.join(", ") || "nothing"}${others > 0 ? ` and ${others} more` : ""}`;
}
