// What the parts of a run need around them when they stand in JupyterLab by themselves: the way to Python, and
// their style.
import { Panel, type PanelContext } from "@nbtrack/ui/src/state/panel";
import { createQueryState } from "@nbtrack/ui/src/state/query";
import { createToasts } from "@nbtrack/ui/src/state/toasts";
import { createView } from "@nbtrack/ui/src/state/view";
import { type ReactNode, useEffect, useMemo } from "react";
import type { INbtrack } from "../tokens";
import "@nbtrack/ui/src/style/then.css";

interface Props {
  nbtrack: INbtrack;
  project: string;
  children: ReactNode;
}

export function Ground({ nbtrack, project, children }: Props) {
  const context = useMemo((): PanelContext => {
    const transport = nbtrack.transport(project);
    return { transport, query: createQueryState(transport), view: createView(), toasts: createToasts(), spec: {} };
  }, [nbtrack, project]);
  useEffect(() => () => context.query.close(), [context]);
  return (
    <Panel.Provider value={context}>
      <div className="nbt-ground nbt-then-ground">{children}</div>
    </Panel.Provider>
  );
}
