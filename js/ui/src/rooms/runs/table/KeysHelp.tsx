// What the keys do, in a small box over the table.
import type { RefObject } from "react";
import { Popover } from "../../../parts/Popover";
import { HELP } from "./keys";

export function KeysHelp({ anchor, onClose }: { anchor: RefObject<HTMLElement | null>; onClose: () => void }) {
  return (
    <Popover anchor={anchor} open onClose={onClose} label="Keys of the table" role="dialog" className="nbt-keys">
      <div className="nbt-menu-title">Keys of the table</div>
      <dl>
        {HELP.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key} className="nbt-key">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Popover>
  );
}
