import { expect, test } from "vitest";
import type { Key } from "../contract";
import { directed } from "./directed";
import { FakeTransport } from "./fake";

const key = (kind: Key["kind"], name: string, better: Key["better"]): Key => ({
  kind,
  name,
  better,
  runs: 1,
  types: [],
});
const keys = [key("metric", "loss", "min"), key("metric", "toString", null), key("param", "loss", null)];
const way = () => new FakeTransport({ "runs.keys": () => ({ keys }), "runs.code": () => ({ run: "r", text: "x" }) });

test("a direction of the settings goes before what the name of a metric says", async () => {
  const turned = await directed(way(), { loss: "max" }).ask("runs.keys", {});
  expect(turned.keys.map(({ better }) => better)).toEqual(["max", null, null]);
});

test("metrics that the settings do not name keep theirs, whatever they are called", async () => {
  const turned = await directed(way(), { accuracy: "max" }).ask("runs.keys", {});
  expect(turned.keys).toEqual(keys);
});

test("other answers come through as they are", async () => {
  const answer = await directed(way(), { loss: "max" }).ask("runs.code", { run: "r" });
  expect(answer).toEqual({ run: "r", text: "x" });
});
