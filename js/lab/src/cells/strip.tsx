// The line of a cell as a widget of JupyterLab; what was then is loaded when it is first opened.
import { ReactWidget } from "@jupyterlab/ui-components";
import type { BriefRow, CellHistory } from "@nbtrack/ui/src/contract";
import { Strip } from "@nbtrack/ui/src/rooms/cell/Strip";
import { type ComponentType, useCallback, useEffect, useRef, useState } from "react";
import type { Here } from "./here";
import { loaded } from "./load";
import type { ThenProps } from "./then";
import "@nbtrack/ui/src/style/cell.css";

/** Stands between what a cell says and what it gave. Its height is the same with runs and without. */
export class StripWidget extends ReactWidget {
  #history: CellHistory | null | undefined;

  constructor(
    readonly here: Here,
    history: CellHistory | null | undefined,
  ) {
    super();
    this.#history = history;
    this.addClass("nbt-cell-place");
  }

  set history(history: CellHistory | null | undefined) {
    if (history === this.#history) return;
    this.#history = history;
    if (this.isAttached) this.update();
  }

  protected render() {
    return <CellStrip here={this.here} history={this.#history} />;
  }
}

function CellStrip({ here, history }: { here: Here; history: CellHistory | null | undefined }) {
  const [open, setOpen] = useState<string | null>(null);
  const [Then, setThen] = useState<ComponentType<ThenProps> | null>(null);
  const root = useRef<HTMLDivElement>(null);
  // A run that is looked at stays there when newer ones push it out of the list.
  const [kept, keep] = useState<BriefRow | null>(null);
  const runs = history?.runs ?? [];
  const shown = runs.find(({ id }) => id === open) ?? (kept?.id === open ? kept : null);
  useEffect(() => {
    if (shown) keep(shown);
  }, [shown]);
  const onOpen = useCallback((run: string | null) => {
    setOpen(run);
    if (run !== null) loaded(() => import("./then")).then((module) => module && setThen(() => module.Then));
  }, []);
  const onClose = useCallback(() => {
    setOpen((run) => {
      const button = run && root.current?.querySelector<HTMLElement>(`[data-run="${CSS.escape(run)}"]`);
      if (button) button.focus({ preventScroll: true });
      return null;
    });
  }, []);
  const onAll = useCallback(() => here.openAll(), [here]);
  return (
    <>
      <Strip history={history} open={open} onOpen={onOpen} onAll={onAll} root={root} />
      {Then && shown && <Then here={here} run={shown} runs={runs} anchor={root} onOpen={onOpen} onClose={onClose} />}
    </>
  );
}
