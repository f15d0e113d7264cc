import { describe, expect, it } from "vitest";
import type { Column } from "../../../lib/columns";
import { readTag } from "./Editors";
import { condition, literal, sameValue, withAlso } from "./filters";

const column = (id: string, numeric = false): Column => {
  const kind = id.split(".")[0] as Column["kind"];
  return {
    id,
    kind: id.includes(".") ? kind : "meta",
    label: id.slice(id.indexOf(".") + 1),
    numeric,
    runs: 1,
    better: null,
  };
};

describe("a condition from a column", () => {
  it("is a filter in the search language", () => {
    expect(condition(column("params.lr", true), "<", " 0.01 ")?.where).toBe("params.lr < 0.01");
    expect(condition(column("params.optimizer"), "=", "adam")?.where).toBe("params.optimizer = 'adam'");
    expect(condition(column("params.optimizer"), "contains", "7")?.where).toBe("params.optimizer contains '7'");
    expect(condition(column("params.nesterov"), "=", "True")?.where).toBe("params.nesterov = true");
  });

  it("is about the summary of a metric that is shown", () => {
    expect(condition(column("metrics.acc", true), ">", "0.9", { acc: "max" })?.where).toBe("metrics.acc.max > 0.9");
  });

  it("quotes names and values, so that neither can say something else", () => {
    expect(condition(column("params.a b"), "=", "x' or starred")?.where).toBe(`params."a b" = 'x'' or starred'`);
  });

  it("is none where the text does not say one", () => {
    expect(condition(column("params.lr", true), "<", "")).toBeNull();
    expect(condition(column("params.lr", true), "<", "fast")).toBeNull();
  });

  it("finds the runs with the same value, or without one", () => {
    expect(sameValue(column("status"), "failed")?.where).toBe("status = 'failed'");
    expect(sameValue(column("params.lr", true), 0.1)?.where).toBe("params.lr = 0.1");
    expect(sameValue(column("params.lr", true), undefined)?.where).toBe("params.lr is null");
    expect(sameValue(column("params.sizes"), [1, 2])).toBeNull();
    expect(literal({ a: 1 })).toBeNull();
  });

  it("stands once among the others", () => {
    const one = { id: "a", label: "a", where: "a" };
    expect(withAlso([one], one)).toEqual([one]);
  });
});

describe("a tag that is typed", () => {
  it("has a name, and a text after = or :", () => {
    expect(readTag("stage=final")).toEqual(["stage", "final"]);
    expect(readTag(" stage : not yet ")).toEqual(["stage", "not yet"]);
    expect(readTag("best")).toEqual(["best", ""]);
    expect(readTag("url=http://x?a=b")).toEqual(["url", "http://x?a=b"]);
    expect(readTag("   ")).toBeNull();
    expect(readTag("=x")).toBeNull();
  });
});
