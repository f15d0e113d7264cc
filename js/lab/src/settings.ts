// The user's settings as they are used: whatever stands in a file, each is of its type or what it is by default.
import type { Settings } from "./tokens";

export const DEFAULTS: Settings = {
  columns: [],
  directions: {},
  loadMagics: false,
  cellHistory: true,
  notify: false,
  notifyAfter: 60,
};

/** JupyterLab checks what is typed in its editor, but not what an administrator's overrides.json says. */
export function settingsOf(given: unknown): Settings {
  const from = isRecord(given) ? given : {};
  return {
    columns: Array.isArray(from.columns) ? from.columns.filter(isName) : DEFAULTS.columns,
    directions: directions(from.directions),
    loadMagics: flag(from.loadMagics, DEFAULTS.loadMagics),
    cellHistory: flag(from.cellHistory, DEFAULTS.cellHistory),
    notify: flag(from.notify, DEFAULTS.notify),
    notifyAfter: isSeconds(from.notifyAfter) ? from.notifyAfter : DEFAULTS.notifyAfter,
  };
}

function directions(given: unknown): Settings["directions"] {
  const found: Settings["directions"] = {};
  for (const [metric, better] of Object.entries(isRecord(given) ? given : {})) {
    if (better !== "min" && better !== "max") continue;
    // A metric may have any name, "__proto__" too.
    Object.defineProperty(found, metric, { value: better, enumerable: true, configurable: true, writable: true });
  }
  return found;
}

const flag = (given: unknown, otherwise: boolean): boolean => (typeof given === "boolean" ? given : otherwise);

const isName = (given: unknown): given is string => typeof given === "string" && given.trim() !== "";

const isSeconds = (given: unknown): given is number =>
  typeof given === "number" && Number.isFinite(given) && given >= 0;

const isRecord = (given: unknown): given is Record<string, unknown> =>
  typeof given === "object" && given !== null && !Array.isArray(given);
