// The runs table, or what there is to say instead of it.
import { useMemo, useState } from "react";
import { ErrorNote } from "../../../parts/Notes";
import { useView } from "../../../state/view";
import { Grid } from "./Grid";
import { NoRuns, NothingMatches, Skeleton } from "./States";
import { useTable } from "./useTable";

export function RunsTable() {
  const [element, setElement] = useState<HTMLElement | null>(null);
  const box = useMemo(() => ({ current: element }), [element]);
  const table = useTable(box);
  const all = useView(
    (view) => view.filter === "" && !view.also.length && !view.experiment && !view.notebook && !view.trashed,
  );
  const { source, ready } = table;
  const { root, groups, error } = source;
  if (!ready || root.matched === undefined) {
    return error ? <ErrorNote error={error} again={source.again} /> : <Skeleton />;
  }
  if (root.matched === 0 && all && !root.stale) return <NoRuns />;
  return (
    <Grid table={table} box={box} onBox={setElement}>
      {root.matched === 0 && <NothingMatches total={root.total} />}
      {groups === undefined && <Skeleton />}
      {error && error.column === null && <ErrorNote error={error} again={source.again} />}
    </Grid>
  );
}
