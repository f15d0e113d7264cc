// The runs table, or what there is to say instead of it.
import { useMemo, useState } from "react";
import { plural } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { ErrorNote } from "../../../parts/Notes";
import { useLink } from "../../../state/query";
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
  const link = useLink();
  const { source, ready } = table;
  const { root, groups, error } = source;
  if (!ready || root.matched === undefined) {
    return error ? <ErrorNote error={error} again={source.again} /> : <Skeleton />;
  }
  if (root.matched === 0 && all && !root.stale) return <NoRuns />;
  // That Python cannot be reached is said above all views; what is wrong with the filter, below it.
  const problem = link === "open" && error && error.column === null && groups !== undefined ? error : null;
  return (
    <>
      {problem && (
        <div className="nbt-table-problem" role="alert">
          {problem.message} <span className="nbt-dim">{problem.hint}</span>
          <Button label="Ask again" onClick={source.again} />
        </div>
      )}
      <Grid table={table} box={box} onBox={setElement}>
        {root.matched === 0 && <NothingMatches total={root.total} />}
        {groups === undefined && (error ? <ErrorNote error={error} again={source.again} /> : <Skeleton />)}
        {source.moreGroups > 0 && (
          <p className="nbt-more-groups">
            {plural(source.moreGroups, "more group")} not shown. Filter for fewer, or group by something else.
          </p>
        )}
      </Grid>
    </>
  );
}
