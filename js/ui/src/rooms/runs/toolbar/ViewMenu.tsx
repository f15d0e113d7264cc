// What is left: how many runs the charts show, the keys, and back to how it was at first.
import { useCallback, useRef, useState } from "react";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { usePanel } from "../../../state/panel";
import { ARRANGED, useSetView, useView } from "../../../state/view";
import { KeysHelp } from "../table/KeysHelp";

const CHARTED = [10, 30, 100] as const;

export function ViewMenu() {
  const most = useView((view) => view.most);
  const full = useView((view) => view.fullScreen);
  const hidden = useView((view) => view.hidden.length);
  const set = useSetView();
  const { host } = usePanel();
  const anchor = useRef<HTMLElement | null>(null);
  const [help, setHelp] = useState(false);
  const closeHelp = useCallback(() => setHelp(false), []);
  return (
    <span
      ref={(span) => {
        anchor.current = span?.querySelector("button") ?? null;
      }}
    >
      <Menu label="More" icon="more" iconOnly>
        {(close) => {
          const then = (act: () => void) => () => {
            close();
            act();
          };
          return (
            <>
              <MenuTitle>Runs in charts</MenuTitle>
              {CHARTED.map((count) => (
                <MenuItem
                  key={count}
                  label={`The first ${count}`}
                  checked={most === count}
                  onChoose={then(() => set({ most: count }))}
                />
              ))}
              <MenuItem
                label="Show all hidden runs"
                icon="eye"
                note={hidden ? hidden.toLocaleString("en-US") : ""}
                disabled={!hidden}
                onChoose={then(() => set({ hidden: [], solo: null }))}
              />
              <MenuLine />
              <MenuItem
                label={full ? "Leave full screen" : "Open in full"}
                icon={full ? "shrink" : "expand"}
                onChoose={then(() => set({ fullScreen: !full }))}
              />
              <MenuItem label="Keyboard help" icon="info" keys="?" onChoose={then(() => setHelp(true))} />
              <MenuLine />
              {host?.saveView && <MenuItem label="Save view as…" icon="download" onChoose={then(host.saveView)} />}
              <MenuItem label="Reset the view" icon="undo" onChoose={then(() => set(fresh()))} />
            </>
          );
        }}
      </Menu>
      {help && <KeysHelp anchor={anchor} onClose={closeHelp} />}
    </span>
  );
}

/** Everything as at first, but for the height, which is the notebook's. */
function fresh() {
  const { height: _, ...rest } = ARRANGED;
  return { ...rest, trashed: false, solo: null, selected: new Set<string>(), unfolded: new Set<string>() };
}
