// The box that opens at a cell's line, with what was then. Loaded when the first one is opened.
import type { BriefRow } from "@nbtrack/ui/src/contract";
import { Popover } from "@nbtrack/ui/src/parts/Popover";
import { Then as Content } from "@nbtrack/ui/src/rooms/cell/Then";
import { type RefObject, useEffect, useMemo, useState } from "react";
import { createPortal } from "react-dom";
import { commands as ids } from "../ids";
import { insertCode, lockedWhy, restoreCode, runWithParams } from "./actions";
import { Ground } from "./ground";
import type { Here } from "./here";

export interface ThenProps {
  here: Here;
  run: BriefRow;
  runs: readonly BriefRow[];
  anchor: RefObject<HTMLElement | null>;
  onOpen: (run: string) => void;
  onClose: () => void;
}

export function Then({ here, run, runs, anchor, onOpen, onClose }: ThenProps) {
  const now = useText(here);
  const actions = useMemo(() => {
    const of = { project: here.project, run: run.id };
    const leave = (act: () => unknown) => () => {
      onClose();
      act();
    };
    return {
      restore: leave(() => restoreCode(here.base, of, here)),
      insert: leave(() => insertCode(here.base, of, here)),
      runWith: leave(() => runWithParams(here.base, of, here)),
      open: leave(() => here.execute(ids.openRun, { ...of, name: run.name })),
      compare: leave(() => here.execute(ids.compare, { project: of.project, runs: [run.id, runs[0]?.id ?? run.id] })),
    };
  }, [here, run.id, run.name, runs, onClose]);
  // Beside the notebook, not in it: its keys and its pointer are not meant for what is in the box.
  return createPortal(
    <Ground nbtrack={here.base.nbtrack} project={here.project}>
      <Popover anchor={anchor} open onClose={onClose} label="A run of this cell" role="dialog" className="nbt-then-box">
        <Content
          run={run}
          runs={runs}
          now={now}
          locked={lockedWhy(here)}
          actions={actions}
          onOpen={onOpen}
          onClose={onClose}
        />
      </Popover>
    </Ground>,
    document.body,
  );
}

const CALM = 400; // milliseconds without a key before the text is compared again

function useText({ cell }: Here): string {
  const [text, setText] = useState(() => cell.model.sharedModel.getSource());
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const changed = () => {
      clearTimeout(timer);
      timer = setTimeout(() => cell.isDisposed || setText(cell.model.sharedModel.getSource()), CALM);
    };
    const { model } = cell;
    model.contentChanged.connect(changed);
    return () => {
      clearTimeout(timer);
      model.contentChanged.disconnect(changed);
    };
  }, [cell]);
  return text;
}
