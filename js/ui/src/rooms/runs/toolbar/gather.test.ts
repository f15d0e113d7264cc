import { expect, test } from "vitest";
import { FakeTransport } from "../../../api/fake";
import { allColumns } from "../../../lib/columns";
import { paged, row } from "./fixture";
import { asked, byId, gather } from "./gather";

const SCOPE = { filter: "f", also: [], experiment: null, notebook: null, trashed: false };

test("Many runs are asked for in parts, each short enough for a filter, and come in the table's order", async () => {
  const rows = Array.from({ length: 450 }, (_, at) => row(`r${at}`));
  const transport = new FakeTransport({
    "runs.page": (request) =>
      paged(request.filter === "f" ? [...rows].reverse() : rows)({
        ...request,
        filter: request.filter === "f" ? "" : request.filter,
      }),
  });
  const selected = new Set(rows.slice(0, 401).map((one) => one.id));
  const found = await gather(transport, { selection: SCOPE, sort: ["name"], columns: [], selected });
  expect(found.rows.map((one) => one.id)).toEqual(Array.from({ length: 401 }, (_, at) => `r${400 - at}`));
  const filters = transport.of("runs.page").map((one) => one.filter ?? "");
  expect(filters.filter((text) => text.startsWith("id in"))).toHaveLength(3);
  expect(Math.max(...filters.map((text) => text.length))).toBeLessThan(10_000);
});

test("An id with a quote is no way out of the filter", async () => {
  const transport = new FakeTransport({ "runs.page": paged([]) });
  await byId(transport, ["x' or starred or id = 'y"], false);
  expect(transport.of("runs.page")[0]?.filter).toBe("id in ('x'' or starred or id = ''y')");
});

test("Only the values of columns that are seen are asked for", () => {
  const columns = allColumns([]).filter(({ id }) => id === "name" || id === "tags");
  expect(asked(columns)).toEqual(["tags.*"]);
});
