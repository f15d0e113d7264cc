// Which key does what, on the table. One table, from which the help is written too.

export type Command =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "first"
  | "last"
  | "left"
  | "right"
  | "lineStart"
  | "lineEnd"
  | "open"
  | "edit"
  | "select"
  | "extendUp"
  | "extendDown"
  | "all"
  | "clear"
  | "hide"
  | "solo"
  | "pin"
  | "baseline"
  | "compare"
  | "star"
  | "trash"
  | "filter"
  | "help"
  | "menu"
  | "undo";

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const PLAIN: Record<string, Command> = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "left",
  ArrowRight: "right",
  PageUp: "pageUp",
  PageDown: "pageDown",
  Home: "first",
  End: "last",
  Enter: "open",
  F2: "edit",
  " ": "select",
  x: "hide",
  p: "pin",
  b: "baseline",
  c: "compare",
  s: "star",
  Delete: "trash",
  Backspace: "trash",
  "/": "filter",
  "?": "help",
  Escape: "clear",
  ContextMenu: "menu",
};

export function commandOf({ key, ctrlKey, metaKey, shiftKey, altKey }: Press): Command | undefined {
  if (ctrlKey || metaKey) {
    if (shiftKey || altKey) return undefined;
    const held: Record<string, Command> = { a: "all", z: "undo", Home: "lineStart", End: "lineEnd" };
    return held[key];
  }
  if (altKey) return key === "x" ? "solo" : undefined;
  if (shiftKey) {
    const shifted: Record<string, Command> = {
      ArrowUp: "extendUp",
      ArrowDown: "extendDown",
      F10: "menu",
      "?": "help",
      X: "solo",
    };
    return shifted[key];
  }
  return PLAIN[key];
}

/** For the help: what is pressed, and what it does. */
export const HELP: readonly (readonly [keys: string, what: string])[] = [
  ["↑ ↓", "move; with Shift select"],
  ["← →", "move along; fold a group"],
  ["PgUp PgDn", "a page; Home and End: all the way"],
  ["Enter", "open; edit a note or tags"],
  ["F2", "edit in place"],
  ["Space", "select"],
  ["Ctrl A", "select all"],
  ["x", "hide in the charts, show again"],
  ["Shift x", "show only this run"],
  ["p", "keep at the top"],
  ["b", "set or unset the baseline"],
  ["c", "compare what is selected"],
  ["s", "star"],
  ["Del", "move to the trash"],
  ["Ctrl Z", "undo the last edit"],
  ["/", "go to the filter"],
  ["Esc", "select nothing"],
];
