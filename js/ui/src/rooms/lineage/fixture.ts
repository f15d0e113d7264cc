// For the tests: a run with four cells behind it, one of them edited since.
import type { Hidden, Lineage, LineageCell } from "../../contract";
import { ID, NOW } from "../run/fixture";

export const EDITED: Hidden = {
  what: "edited",
  name: "X",
  text: "The cell that made X was edited since.",
  number: 2,
  severity: "warning",
};

export const UNSEEDED: Hidden = {
  what: "unseeded",
  name: "numpy.random",
  text: "Random numbers without a seed.",
  number: 4,
  severity: "note",
};

export function cell(number: number, change: Partial<LineageCell> = {}): LineageCell {
  return {
    number,
    execution: number,
    cell: `c${number}`,
    position: number,
    source: `x${number} = ${number}`,
    status: "ok",
    started: NOW,
    run: null,
    gives: {},
    data: [],
    hidden: [],
    ...change,
  };
}

/** was: what was hidden when it ran; the wire calls it "then". */
export function lineage({ was = [UNSEEDED], ...change }: Partial<Lineage> & { was?: Hidden[] } = {}): Lineage {
  return {
    run: ID,
    cells: [
      cell(1, { source: "# what is needed\nimport pandas as pd", gives: { pd: "module pandas" } }),
      cell(2, {
        source: 'X = pd.read_csv("houses.csv")\ny = X.pop("price")',
        gives: { X: "DataFrame 506 × 13", y: "Series 506" },
        data: ["houses.csv"],
        hidden: [EDITED],
      }),
      cell(4, { source: "%%track\nscaled = scale(X)", gives: { scaled: "ndarray 506 × 13" }, run: "cc22cc22cc22" }),
      cell(6, { source: "%%track\nmodel.fit(scaled, y)", run: ID }),
    ],
    edges: [
      { source: 1, target: 2, names: ["pd"] },
      { source: 2, target: 4, names: ["X"] },
      { source: 2, target: 6, names: ["y"] },
      { source: 4, target: 6, names: ["scaled"] },
    ],
    hidden: [EDITED, UNSEEDED],
    // biome-ignore lint/suspicious/noThenProperty: a list, not a function
    then: was,
    unknown: ["Cell 1 imports * from helpers."],
    verdict: "hidden state: 1 cell edited since",
    now: true,
    ...change,
  };
}
