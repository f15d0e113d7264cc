// Shown while there is a baseline: how the differences from it are written.
import { oneLine } from "../../../lib/format";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { useAsk } from "../../../state/query";
import { useSetView, useView, type View } from "../../../state/view";

const WAYS: readonly (readonly [View["deltas"], string, string])[] = [
  ["absolute", "Absolute", "+0.012"],
  ["percent", "Per cent", "+1.3%"],
  ["both", "Both", "+0.012, +1.3%"],
];

export function Baseline() {
  const baseline = useView((view) => view.baseline);
  return baseline === null ? null : <Chosen id={baseline} />;
}

function Chosen({ id }: { id: string }) {
  const deltas = useView((view) => view.deltas);
  const set = useSetView();
  const filter = `id = '${id.replaceAll("'", "''")}'`;
  const asked = useAsk("runs.page", { filter, columns: [], limit: 1 }, { every: 2000 });
  const known = asked.data?.rows[0];
  const name = known ? known.name : asked.data ? "a run that is gone" : id.slice(0, 8);
  return (
    <Menu label={`vs ${oneLine(name, 14)}`} icon="flag" title={`Compared with ${oneLine(name, 80)}`} active>
      {(close) => (
        <>
          <MenuTitle>Differences from {oneLine(name, 40)}</MenuTitle>
          {WAYS.map(([way, label, example]) => (
            <MenuItem
              key={way}
              label={label}
              note={example}
              checked={deltas === way}
              onChoose={() => {
                set({ deltas: way });
                close();
              }}
            />
          ))}
          <MenuLine />
          {known && (
            <MenuItem
              label="Open this run"
              icon="file"
              onChoose={() => {
                close();
                set({ open: { kind: "run", id } });
              }}
            />
          )}
          <MenuItem
            label="Clear the baseline"
            icon="close"
            keys="b"
            onChoose={() => {
              close();
              set({ baseline: null });
            }}
          />
        </>
      )}
    </Menu>
  );
}
