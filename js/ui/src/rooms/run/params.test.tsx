import { render, screen } from "@testing-library/preact";
import { expect, test } from "vitest";
import type { Param } from "../../contract";
import { explicitFirst, Source } from "./params";

const from = (name: string, source: string): Param => ({ name, value: 1, source, at: 1, earlier: [] });

test("what was logged stands first, what nobody set last, each in its order", () => {
  const given = [from("usual", "default"), from("a", "cell"), from("lr", "explicit"), from("b", "autolog")];
  expect(explicitFirst(given).map((one) => one.name)).toEqual(["lr", "a", "b", "usual"]);
});

test("a setting as by default says so", () => {
  render(<Source source="default" />);
  expect(screen.getByText("default").title).toContain("as by default");
});
