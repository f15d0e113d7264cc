import { describe, expect, it } from "vitest";
import { commandOf, HELP, type Press } from "./keys";
import { clicked, firstDirection } from "./sorting";

const press = (key: string, held: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

describe("keys", () => {
  it("do what the help says", () => {
    expect(commandOf(press("ArrowDown"))).toBe("down");
    expect(commandOf(press(" "))).toBe("select");
    expect(commandOf(press("x"))).toBe("hide");
    expect(commandOf(press("X", { shiftKey: true }))).toBe("solo");
    expect(commandOf(press("?", { shiftKey: true }))).toBe("help");
    expect(commandOf(press("a", { ctrlKey: true }))).toBe("all");
    expect(commandOf(press("a", { metaKey: true }))).toBe("all");
    expect(commandOf(press("ArrowDown", { shiftKey: true }))).toBe("extendDown");
    expect(HELP.length).toBeGreaterThan(12);
  });

  it("leave to the browser and to JupyterLab what is theirs", () => {
    for (const key of ["c", "x", "p", "f", "Enter"]) expect(commandOf(press(key, { ctrlKey: true }))).toBeUndefined();
    expect(commandOf(press("c", { altKey: true }))).toBeUndefined();
    expect(commandOf(press("z", { ctrlKey: true, shiftKey: true }))).toBeUndefined();
    expect(commandOf(press("q"))).toBeUndefined();
    expect(commandOf(press("Tab"))).toBeUndefined();
  });
});

describe("a click on a heading", () => {
  it("sorts a metric best first, then worst first, then not", () => {
    const first = firstDirection("max", true);
    let sort = clicked([], "metrics.acc", first, false);
    expect(sort).toEqual([{ id: "metrics.acc", desc: true }]);
    sort = clicked(sort, "metrics.acc", first, false);
    expect(sort).toEqual([{ id: "metrics.acc", desc: false }]);
    expect(clicked(sort, "metrics.acc", first, false)).toEqual([]);
    expect(firstDirection("min", true)).toBe(false);
    expect(firstDirection(null, false)).toBe(false);
  });

  it("replaces the keys there are, and with Shift adds one or turns it in its place", () => {
    const sort = [{ id: "params.lr", desc: false }];
    expect(clicked(sort, "name", false, false)).toEqual([{ id: "name", desc: false }]);
    const two = clicked(sort, "name", false, true);
    expect(two.map((key) => key.id)).toEqual(["params.lr", "name"]);
    expect(clicked(two, "params.lr", false, true)).toEqual([
      { id: "params.lr", desc: true },
      { id: "name", desc: false },
    ]);
    expect(clicked([{ id: "params.lr", desc: true }, ...two.slice(1)], "params.lr", false, true)).toEqual([
      { id: "name", desc: false },
    ]);
  });
});
