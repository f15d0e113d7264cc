// A view kept as a file: what it shows, and what is wrong with one that somebody wrote by hand.
import type { PanelSpec } from "@nbtrack/ui/src/state/panel";
import { specOf } from "./spec";

export const ENDING = ".nbtrack";

export class Broken extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/** What a file shows. */
export function specIn(text: string): PanelSpec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Broken("This is not JSON.", lineAt(text, failsAt(text)));
  }
  const { spec, problem } = specOf(value);
  if (problem) {
    const at = problem.key === null ? 0 : text.indexOf(JSON.stringify(problem.key));
    throw new Broken(problem.message, lineAt(text, Math.max(0, at)));
  }
  return spec;
}

const TOKEN = /\s*([{}[\],:]|"(?:[^"\\\r\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/y;

/** Where a text stops being JSON: browsers say it in different words, or not at all. */
function failsAt(text: string): number {
  let at = 0;
  const peek = () => {
    TOKEN.lastIndex = at;
    return TOKEN.exec(text)?.[1] ?? "";
  };
  const take = (wanted: string): boolean => {
    const token = peek();
    const right = token !== "" && (wanted ? wanted.includes(token) : !"}],:".includes(token));
    if (right) at = TOKEN.lastIndex;
    return right;
  };
  const list = (end: string, one: () => boolean): boolean => {
    if (take(end)) return true;
    do if (!one()) return false;
    while (take(","));
    return take(end);
  };
  const value = (): boolean => {
    const token = peek();
    if (!take("")) return false;
    if (token === "{") return list("}", () => peek().startsWith('"') && take("") && take(":") && value());
    return token === "[" ? list("]", value) : true;
  };
  value();
  // To what is wrong, over the space before it.
  return at + (/^\s*/.exec(text.slice(at).trimEnd())?.[0].length ?? 0);
}

const lineAt = (text: string, at: number) => text.slice(0, at).split("\n").length;
