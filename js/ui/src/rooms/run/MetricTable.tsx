// Metrics of the run: last, lowest, highest, mean; the best marked by a sign.
import type { ReactNode } from "react";
import type { RunRow, Summary } from "../../contract";
import { number, oneLine, toNumber } from "../../lib/format";
import { sign } from "../../lib/palette";
import { useAsk } from "../../state/query";
import { bestOf, useDirections } from "./metrics";
import { Sparkline } from "./Sparkline";

const FIGURES = ["last", "min", "max", "mean"] as const;
const MOST_CURVES = 60;

export interface MetricLine {
  name: string;
  /** None: the row is the heading of those below it. */
  summary: Summary | null;
  label?: ReactNode;
}

export function MetricTable({ row, lines }: { row: RunRow; lines: readonly MetricLine[] }) {
  const directionOf = useDirections(lines.map(({ name }) => name));
  const keys = lines.filter(({ summary }) => summary && summary.count > 1).slice(0, MOST_CURVES);
  const { data } = useAsk(
    "runs.series",
    { runs: [row.id], keys: keys.map(({ name }) => name), width: 60 },
    { off: keys.length === 0, every: 500 },
  );
  const curves = new Map(data?.series.map((series) => [series.key, series]));
  const { colour } = sign(row.id);
  return (
    <table className="nbt-run-table">
      <thead>
        <tr>
          <th scope="col">metric</th>
          <td />
          {FIGURES.map((figure) => (
            <th key={figure} scope="col" className="nbt-num">
              {figure}
            </th>
          ))}
          <th scope="col" className="nbt-num">
            points
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ name, summary, label }) => {
          if (!summary) {
            return (
              <tr key={`${name} `}>
                <th scope="rowgroup" colSpan={7}>
                  {label}
                </th>
              </tr>
            );
          }
          const direction = directionOf(name);
          const best = bestOf(summary, direction);
          return (
            <tr key={name}>
              <th scope="row" title={`${oneLine(name)}${summary.source === "explicit" ? "" : `, ${summary.source}`}`}>
                {label ?? oneLine(name, 80)}
                {direction && (
                  <span className="nbt-faint" title={direction === "max" ? "higher is better" : "lower is better"}>
                    {direction === "max" ? " ↑" : " ↓"}
                  </span>
                )}
              </th>
              <td>
                <Sparkline series={curves.get(name)} colour={colour} />
              </td>
              {FIGURES.map((figure) => (
                <td
                  key={figure}
                  className={`nbt-num${best === figure ? " nbt-run-best" : ""}`}
                  title={String(summary[figure])}
                >
                  {best === figure && (
                    <span className="nbt-run-best-sign" title="the best value">
                      ★<span className="nbt-sr"> best </span>
                    </span>
                  )}
                  {figure === "last" || summary.count > 1 ? number(toNumber(summary[figure])) : ""}
                </td>
              ))}
              <td className="nbt-num nbt-dim">{summary.count.toLocaleString("en-US")}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
