// The list of runs beside the notebook: what goes on now, the runs of the notebook or of its whole project.
import { useState } from "react";
import { ErrorNote } from "../../parts/Notes";
import { Panel } from "../../state/panel";
import { ToastList } from "../Toasts";
import { Browser } from "./Browser";
import { Head } from "./Head";
import type { Host, Spot, Trouble } from "./host";
import { type Directions, memoryOf, type Section } from "./memory";

interface Props {
  /** null: it is not known yet, or there is none. */
  spot: Spot | null;
  /** Why there is no project. */
  trouble: Trouble | null;
  host: Host;
  /** Somebody sees it. */
  visible: boolean;
  /** Which direction of a metric is better, as the user says. */
  directions: Directions;
  /** Find the project again. */
  again: () => void;
}

export function Sidebar({ spot, trouble, host, visible, directions, again }: Props) {
  const [section, setSection] = useState<Section>("notebook");
  return (
    <div className="nbt-ground nbt-side" data-jp-suppress-context-menu="">
      {spot ? (
        <Panel.Provider value={memoryOf(spot.transport).panel} key={spot.project}>
          <Browser
            spot={spot}
            section={section}
            onSection={setSection}
            host={host}
            visible={visible}
            directions={directions}
          />
          <ToastList />
        </Panel.Provider>
      ) : trouble ? (
        <>
          <Head name="nbtrack" host={host} />
          <ErrorNote error={trouble} again={again} />
        </>
      ) : (
        <div className="nbt-side-wait" />
      )}
    </div>
  );
}
