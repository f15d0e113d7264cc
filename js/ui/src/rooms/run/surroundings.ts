// What a run was made with, in words: the same as nbtrack/sdk/views/run.py says.
import type { Change, Json } from "../../contract";
import { size, value } from "../../lib/format";

type Plain = Record<string, Json>;

const isObject = (given: Json | undefined): given is Plain =>
  typeof given === "object" && given !== null && !Array.isArray(given);
const words = (...given: (Json | undefined)[]) =>
  given.filter((one) => typeof one === "string" || typeof one === "number").join(" ");

export function environmentFacts(given: Plain): [name: string, text: string][] {
  const cpu = isObject(given.cpu) ? given.cpu : {};
  const gpus = Array.isArray(given.gpus) ? given.gpus.map((one) => (isObject(one) ? words(one.name) : "")) : [];
  const found: [string, string][] = [
    ["Python", words(given.python, given.implementation)],
    ["environment", words(given.prefix)],
    ["system", words(given.system, given.release, given.machine)],
    ["CPU", [words(cpu.model), words(cpu.count)].filter(Boolean).join(" × ")],
    ["memory", typeof given.memory === "number" ? size(given.memory) : ""],
    ["GPU", gpus.filter(Boolean).join(", ")],
  ];
  return found.filter(([, text]) => text);
}

/** "39306cea7717 on main, with uncommitted changes". */
export function gitState(git: Plain | null): string {
  if (!git || typeof git.commit !== "string") return "";
  const branch = typeof git.branch === "string" ? ` on ${git.branch}` : "";
  const state = git.dirty === true ? ", with uncommitted changes" : git.dirty === false ? ", clean" : "";
  return `${git.commit.slice(0, 12)}${branch}${state}`;
}

export interface Package {
  name: string;
  version: string;
  /** What the other run had: "" for none; undefined where it is the same. */
  was?: string;
}

/** The packages of this run and those only the other one had, what differs first. */
export function packagesOf(environment: Plain, changes: readonly Change[]): Package[] {
  const own = isObject(environment.packages) ? environment.packages : {};
  const was = new Map(changes.filter(({ what }) => what === "package").map((one) => [one.name, one] as const));
  const found: Package[] = Object.entries(own).map(([name, version]) => {
    const change = was.get(name);
    was.delete(name);
    return { name, version: value(version), was: change && (change.left === null ? "" : value(change.left)) };
  });
  for (const { name, left } of was.values()) found.push({ name, version: "", was: value(left) });
  return found.sort(
    (a, b) => Number(b.was !== undefined) - Number(a.was !== undefined) || a.name.localeCompare(b.name),
  );
}
