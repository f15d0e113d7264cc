// The lines in sight.

import type { ReactNode } from "react";
import { useMemo } from "react";
import type { Group, RunRow } from "../../../contract";
import { metricOf } from "../../../lib/columns";
import { toNumber } from "../../../lib/format";
import { withStat } from "../../../state/runs";
import { useView } from "../../../state/view";
import { GroupRow } from "./GroupRow";
import { ROW } from "./layout";
import { Row } from "./Row";
import type { Cursor } from "./useCursor";
import type { Selecting } from "./useSelecting";
import type { Table } from "./useTable";

export interface Edited {
  id: string;
  column: string;
}

interface Props {
  table: Table;
  cursor: Cursor;
  selecting: Selecting;
  uid: string;
  now: number;
  edited: Edited | null;
  editor: (column: string, row: RunRow) => ReactNode;
}

/** What a row is given beside itself. */
function useMarks() {
  const selected = useView((view) => view.selected);
  const hidden = useView((view) => view.hidden);
  const solo = useView((view) => view.solo);
  const hover = useView((view) => view.hover);
  const pinnedRuns = useView((view) => view.pinnedRuns);
  const closed = useMemo(() => new Set(hidden), [hidden]);
  const pinned = useMemo(() => new Set(pinnedRuns), [pinnedRuns]);
  return (id: string | undefined) => ({
    selected: id !== undefined && selected.has(id),
    closed: id !== undefined && (solo ? id !== solo : closed.has(id)),
    hovered: id !== undefined && id === hover,
    pinned: id !== undefined && pinned.has(id),
  });
}

export function Body({ table, cursor, selecting, uid, now, edited, editor }: Props) {
  const { source, layout, look, viewport } = table;
  const groupBy = useView((view) => view.groupBy);
  const unfolded = useView((view) => view.unfolded);
  const marks = useMarks();
  const best = useBestGroups(table);
  const [from, to] = viewport.columns;
  const [first, last] = viewport.rows;
  const lines: ReactNode[] = [];
  for (let line = first; line < last; line++) {
    const found = source.find(line);
    if (!found) continue;
    const shared = {
      line,
      top: line * ROW,
      layout,
      from,
      to,
      look,
      uid,
      active: cursor.line === line ? cursor.place : -1,
    };
    if (found.line.kind === "group") {
      const { group } = found.line;
      lines.push(
        <GroupRow
          key={line}
          {...shared}
          group={group}
          by={groupBy ?? ""}
          open={unfolded.has(group.where)}
          best={best}
          chosen={selecting.hasGroup(group)}
        />,
      );
      continue;
    }
    const { row, blocks, at } = found;
    const here = row !== undefined && edited?.id === row.id;
    // A field that is typed into stays with its run, also when rows come above it.
    const key = here ? `edited ${row.id}` : line;
    lines.push(
      <Row
        key={key}
        {...shared}
        {...marks(row?.id)}
        row={row}
        came={row?.status === "running" ? blocks.came(at) : 0}
        now={now}
        deep={found.line.group !== null}
        edited={here ? edited.column : null}
        editor={here ? editor : null}
      />,
    );
  }
  return (
    <div className="nbt-lines" role="rowgroup" style={{ height: source.lines.count * ROW, width: layout.width }}>
      {lines}
    </div>
  );
}

/** The baseline and the pinned runs, above all others. */
export function HeldRuns({ table, uid, now, edited, editor }: Omit<Props, "cursor" | "selecting">) {
  const { held, heldCame, layout, look, viewport } = table;
  const marks = useMarks();
  const [from, to] = viewport.columns;
  if (!held.length) return null;
  return (
    <div className="nbt-top" role="rowgroup" aria-label="Runs kept at the top">
      {held.map((row) => (
        <Row
          key={row.id}
          row={row}
          line={-1}
          top={null}
          layout={layout}
          from={from}
          to={to}
          look={look}
          came={heldCame}
          now={now}
          {...marks(row.id)}
          deep={false}
          active={-1}
          uid={uid}
          edited={edited?.id === row.id ? edited.column : null}
          editor={edited?.id === row.id ? editor : null}
        />
      ))}
    </div>
  );
}

/** The best mean of each metric among the groups. */
function useBestGroups({ source, look }: Table): ReadonlyMap<string, number> {
  const { groups } = source;
  return useMemo(() => {
    const best = new Map<string, number>();
    if (!groups || groups.length < 2) return best;
    for (const [id, way] of look.better) {
      const name = metricOf(withStat(id, look.stats)) ?? "";
      const means = groups
        .map((group: Group) => (Object.hasOwn(group.metrics, name) ? toNumber(group.metrics[name]?.mean) : Number.NaN))
        .filter(Number.isFinite);
      const found = way === "min" ? Math.min(...means) : Math.max(...means);
      if (means.length > 1 && means.some((mean) => mean !== found)) best.set(id, found);
    }
    return best;
  }, [groups, look.better, look.stats]);
}
