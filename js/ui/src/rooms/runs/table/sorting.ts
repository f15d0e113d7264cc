// What a click on a heading makes of the sort keys.
import type { SortKey } from "../../../state/view";

/** The direction a column is sorted in first: metrics begin with the best, the others with the lowest. */
export function firstDirection(better: "min" | "max" | null, metric: boolean): boolean {
  return metric ? better !== "min" : false;
}

/** One click: sorted, sorted the other way, not sorted. `add`: as a further key behind those there are. */
export function clicked(sort: readonly SortKey[], id: string, firstDesc: boolean, add: boolean): SortKey[] {
  const own = sort.find((key) => key.id === id);
  const others = add ? sort.filter((key) => key.id !== id) : [];
  if (!own) return [...others, { id, desc: firstDesc }];
  if (own.desc !== firstDesc) return add ? others : [];
  const turned = { id, desc: !firstDesc };
  return add ? sort.map((key) => (key === own ? turned : key)) : [turned];
}
