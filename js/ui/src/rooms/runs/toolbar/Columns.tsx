// The chooser of columns: which are seen, where they stand, what of a metric they show.
import { useMemo, useState } from "react";
import { inOrder } from "../../../lib/arrange";
import { type Column, firstColumns } from "../../../lib/columns";
import { Icon } from "../../../parts/Icon";
import { Spinner } from "../../../parts/Marks";
import { Menu } from "../../../parts/Menu";
import { ErrorNote } from "../../../parts/Notes";
import { useAllColumns } from "../../../state/columns";
import { usePanel } from "../../../state/panel";
import { ARRANGED, useSetView, useView } from "../../../state/view";
import { ColumnList, type Group } from "./ColumnList";

export function Columns() {
  const changed = useView((view) => view.onlyDiffering || Object.keys(view.visible).length > 0);
  return (
    <Menu label="Columns" icon="columns" role="dialog" className="nbt-chooser" active={changed}>
      {() => <Chooser />}
    </Menu>
  );
}

const TITLES = { meta: "Run", metrics: "Metrics", params: "Params", tags: "Tags" } as const;

/** The columns that the search finds, by kind. Every word must be in the name. */
export function found(columns: readonly Column[], search: string): Column[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [...columns];
  return columns.filter(({ id, label }) => {
    const name = `${id} ${label}`.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}

function Chooser() {
  const { all, asked } = useAllColumns();
  const order = useView((view) => view.order);
  const visible = useView((view) => view.visible);
  const onlyDiffering = useView((view) => view.onlyDiffering);
  const set = useSetView();
  const [search, setSearch] = useState("");
  const arranged = useMemo(() => inOrder(all, order), [all, order]);
  const wanted = usePanel().spec.first;
  const first = useMemo(() => firstColumns(all, wanted), [all, wanted]);
  const groups = useMemo((): Group[] => {
    const wanted = found(arranged, search);
    return (["meta", "metrics", "params", "tags"] as const)
      .map((kind) => ({ kind, title: TITLES[kind], columns: wanted.filter((column) => column.kind === kind) }))
      .filter((group) => group.columns.length > 0);
  }, [arranged, search]);
  const reset = () => {
    const { order, visible, pinnedColumns, widths, onlyDiffering, stats, better } = ARRANGED;
    set({ order, visible, pinnedColumns, widths, onlyDiffering, stats, better });
  };

  return (
    <>
      <div className="nbt-chooser-head">
        <div className="nbt-filter-box">
          <Icon name="search" />
          <input
            className="nbt-filter-input"
            type="text"
            aria-label="Search columns"
            placeholder={`Search ${all.length.toLocaleString("en-US")} columns`}
            spellCheck={false}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </div>
        <div className="nbt-chooser-options">
          <label className="nbt-check" title="Hide the columns in which all runs are the same">
            <input
              type="checkbox"
              checked={onlyDiffering}
              onChange={(event) => set({ onlyDiffering: event.currentTarget.checked })}
            />
            Only what differs
          </label>
          <button type="button" className="nbt-text-button" onClick={reset}>
            Reset
          </button>
        </div>
      </div>
      {asked.error && !asked.data ? (
        <ErrorNote error={asked.error} again={asked.again} />
      ) : !asked.data ? (
        <p className="nbt-chooser-none">
          <Spinner label="Loading the columns" />
        </p>
      ) : (
        <ColumnList all={all} groups={groups} order={order} visible={visible} first={first} searching={search !== ""} />
      )}
    </>
  );
}
