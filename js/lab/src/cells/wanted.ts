// What a kernel asks to be put into a cell, as it comes over the wire, and what is said of it.
import type { JSONValue } from "@lumino/coreutils";
import type { Rewritten } from "@nbtrack/ui/src/contract";
import { oneLine, plural, value } from "@nbtrack/ui/src/lib/format";

const LARGEST = 1 << 20; // characters of a cell
const MOST = 4; // params that are named

/** As nbtrack/magics/restoring.py sends it. at: the cell that asks. */
export interface Asked {
  v: 1;
  run: string;
  name: string;
  /** The run's own cell. */
  cell: string | null;
  text: string;
  /** Into a new cell in any case. */
  below: boolean;
  /** The cell as it is, with the params of the run in it. */
  params: boolean;
  at: string | null;
}

/** null for what no nbtrack of this version sends. */
export function read(data: JSONValue | undefined): Asked | null {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return null;
  const { v, run, name, cell, text, below, params, at } = data;
  const texts = typeof run === "string" && typeof name === "string" && typeof text === "string";
  if (v !== 1 || !texts || text.length > LARGEST) return null;
  const id = (given: unknown) => (typeof given === "string" && given ? given : null);
  return { v, run, name, cell: id(cell), text, below: below === true, params: params === true, at: id(at) };
}

/** Which params were put there, and which the cell does not set. */
export function inWords({ changed, missing }: Pick<Rewritten, "changed" | "missing">, name: string): string {
  const named = (texts: string[]) =>
    texts.slice(0, MOST).join(", ") + (texts.length > MOST ? ` and ${texts.length - MOST} more` : "");
  const what = changed.map((one) => `${oneLine(one.name, 40)} ${value(one.left, 40)} → ${value(one.right, 40)}`);
  const said = what.length
    ? `${plural(what.length, "param")} of ${name} ${what.length === 1 ? "is" : "are"} in the cell: ${named(what)}.`
    : `The cell has the params of ${name} already.`;
  if (!missing.length) return said;
  return `${said} Not set in the cell: ${named(missing.map((one) => oneLine(one.name, 40)))}.`;
}

/** Passwords and keys were never stored: the code of then lacks them. */
export const secrets = (text: string) =>
  text.includes("«redacted»") ? " Put in again what it calls «redacted»: secrets are not kept." : "";
