// What a panel shows, as an output or a file of a notebook's folder says it: anybody may have written that.
import type { PanelSpec } from "@nbtrack/ui/src/state/panel";

type Kind = "text" | "names" | "number";

const KINDS: Record<string, Kind> = {
  project: "text",
  filter: "text",
  sort: "names",
  columns: "names",
  hidden: "names",
  charts: "names",
  also: "names",
  experiment: "text",
  notebook: "text",
  open: "text",
  height: "number",
};
const SAID: Record<Kind, string> = { text: "text", names: "a list of names", number: "a number of pixels" };
const LEAST = 200; // pixels
const MOST = 4000;

export interface Problem {
  message: string;
  /** The key that is wrong; null where it is the whole. */
  key: string | null;
}

/** What can be used of it, and the first thing that cannot. */
export function specOf(given: unknown): { spec: PanelSpec; problem: Problem | null } {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    return { spec: {}, problem: { message: "It is not a view: a JSON object is expected.", key: null } };
  }
  const { v = 1 } = given as { v?: unknown };
  if (v !== 1) {
    const message = `It has the version ${JSON.stringify(v)}, which this nbtrack does not know. A newer one wrote it.`;
    return { spec: {}, problem: { message, key: "v" } };
  }
  const spec: Record<string, unknown> = { v };
  let problem: Problem | null = null;
  for (const [key, kind] of Object.entries(KINDS)) {
    const value = Object.hasOwn(given, key) ? (given as Record<string, unknown>)[key] : null;
    if (value === null) continue;
    if (!fits(kind, value)) problem ??= { message: `"${key}" takes ${SAID[kind]}.`, key };
    else spec[key] = kind === "number" ? Math.min(MOST, Math.max(LEAST, value as number)) : value;
  }
  return { spec: spec as PanelSpec, problem };
}

function fits(kind: Kind, value: unknown): boolean {
  if (kind === "text") return typeof value === "string";
  if (kind === "number") return typeof value === "number" && Number.isFinite(value);
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
