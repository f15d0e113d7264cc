import { expect, test } from "vitest";
import schema from "../schema/plugin.json";
import { DEFAULTS, settingsOf } from "./settings";

test("what the schema says is the default is what is used where nothing is set", () => {
  const said = Object.fromEntries(Object.entries(schema.properties).map(([name, one]) => [name, one.default]));
  expect(DEFAULTS).toEqual(said);
  expect(settingsOf({})).toEqual(DEFAULTS);
});

test("each setting has a title and says in a sentence what it does", () => {
  for (const { title, description } of Object.values(schema.properties)) {
    expect(title.length).toBeGreaterThan(3);
    expect(description).toMatch(/\.$/);
  }
});

test("good values are taken as they are", () => {
  const given = {
    columns: ["params.lr", "metrics.acc"],
    directions: { loss: "min", acc: "max" },
    loadMagics: true,
    cellHistory: false,
    notify: true,
    notifyAfter: 0.5,
  };
  expect(settingsOf(given)).toEqual(given);
});

test.each([null, undefined, 7, "on", [], [1], true])("settings that are %j are the defaults", (given) => {
  expect(settingsOf(given)).toEqual(DEFAULTS);
});

test("a value of another type is the default, and the others stay", () => {
  const given = {
    columns: "params.lr",
    directions: ["loss"],
    loadMagics: "yes",
    cellHistory: 0,
    notify: true,
    notifyAfter: "soon",
  };
  expect(settingsOf(given)).toEqual({ ...DEFAULTS, notify: true });
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, null])("%j seconds are no duration", (notifyAfter) => {
  expect(settingsOf({ notifyAfter }).notifyAfter).toBe(60);
});

test("columns that are no text and directions that are none are left out", () => {
  const columns = ["params.lr", 3, null, "", "  ", ["a"], "metrics.acc"];
  const found = settingsOf({ columns, directions: { loss: "min", acc: "up", f1: 1, auc: "max" } });
  expect(found.columns).toEqual(["params.lr", "metrics.acc"]);
  expect(found.directions).toEqual({ loss: "min", auc: "max" });
});

test("a metric by the name of __proto__ is a metric", () => {
  const { directions } = settingsOf(JSON.parse('{"directions": {"__proto__": "min"}}'));
  expect(Object.keys(directions)).toEqual(["__proto__"]);
  expect(Object.getPrototypeOf(directions)).toBe(Object.prototype);
});
