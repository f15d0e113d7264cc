// The status bar in words: what goes on, else what came out last.
import type { BriefRow, BrowsePage } from "@nbtrack/ui/src/contract";
import { ago, duration, number, oneLine, plural, toNumber } from "@nbtrack/ui/src/lib/format";

const NAME = 32; // characters; the width is limited by the style, too
const METRIC = 24;
const CLICK = "Click to show the runs.";
const MOST = 20; // that a page names

export interface Summary {
  status: BriefRow["status"];
  /** What stands beside the sign of the status; `name` is somebody's text. */
  parts: { word: string | null; name: string | null; rest: string[] };
  tooltip: string;
}

/** seen: when the page was read; now: the present. Both are Unix seconds. */
export function summary({ rows, running }: BrowsePage, seen: number, now: number): Summary | null {
  const newest = running[0];
  if (newest) {
    const word = `${running.length}${running.length < MOST ? "" : "+"} running`;
    return {
      status: "running",
      parts: { word, name: null, rest: [] },
      tooltip: [goingOn(newest, now - seen), more(running.length - 1), CLICK].filter(Boolean).join("\n"),
    };
  }
  const last = rows[0];
  if (!last) return null;
  const when = ago(toNumber(last.ended ?? last.started), now);
  return {
    status: last.status,
    parts: {
      word: last.status === "finished" ? null : last.status,
      name: oneLine(last.name, NAME),
      rest: [...metric(last), when],
    },
    tooltip: `${came(last)}\n${when}, after ${duration(toNumber(last.duration))}\n${CLICK}`,
  };
}

/** "churn-42 finished · accuracy 0.93": what a notification and a screen reader say of a run that ended. */
export function came(run: BriefRow): string {
  return [
    `${oneLine(run.name, NAME)} ${run.status === "interrupted" ? "was interrupted" : run.status}`,
    ...metric(run),
  ].join(" · ");
}

/** What is read aloud when runs have ended. */
export function said(ended: readonly BriefRow[]): string {
  const [one] = ended;
  if (!one) return "";
  if (ended.length === 1) return `${came(one)}.`;
  const bad = ended.filter((run) => run.status === "failed" || run.status === "crashed").length;
  return `${plural(ended.length, "run")} ended${bad ? `, ${bad} of them failed` : ""}.`;
}

function goingOn(run: BriefRow, since: number): string {
  const { progress } = run;
  const parts = [oneLine(run.name, NAME)];
  if (progress) {
    const step = number(progress.step);
    parts.push(progress.total === null ? `step ${step}` : `step ${step} of ${number(progress.total)}`);
  }
  return [...parts, ...metric(run), duration(toNumber(run.duration) + Math.max(0, since))].join(" · ");
}

function metric({ metric }: BriefRow): string[] {
  return metric ? [`${oneLine(metric.name, METRIC)} ${number(toNumber(metric.value))}`] : [];
}

function more(count: number): string {
  return count > 0 ? `and ${plural(count, "other run")}` : "";
}
