// The sidebar's list, given JupyterLab: loaded when the sidebar is first shown.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ReadonlyPartialJSONObject } from "@lumino/coreutils";
import type { Host, HostCommand, HostCommands, Spot } from "@nbtrack/ui/src/rooms/browse";
import { Sidebar } from "@nbtrack/ui/src/rooms/browse";
import { useEffect, useMemo, useState } from "react";
import { commands } from "./ids";
import type { INbtrack, Place, Settings } from "./tokens";
import "@nbtrack/ui/src/style/browse.css";
import "@nbtrack/ui/src/style/filter.css";

export interface SideProps {
  app: JupyterFrontEnd;
  nbtrack: INbtrack;
  /** Hides the left side; null where the application cannot. */
  collapse: (() => void) | null;
  visible: boolean;
}

export function Side({ app, nbtrack, collapse, visible }: SideProps) {
  const [place, again] = usePlace(nbtrack);
  const settings = useSettings(nbtrack);
  const host = useMemo(() => hostOf(app, collapse), [app, collapse]);
  const spot = useMemo((): Spot | null => {
    if (!place.info) return null;
    const { project, name, inside } = place.info;
    return { project, name, notebook: place.notebook ? inside : null, transport: nbtrack.transport(project) };
  }, [place, nbtrack]);
  return (
    <Sidebar
      spot={spot}
      trouble={place.error}
      host={host}
      visible={visible}
      directions={settings.directions}
      again={again}
    />
  );
}

/** Where the user is. After an error it can be asked again. */
function usePlace(nbtrack: INbtrack): [Place, () => void] {
  const [place, setPlace] = useState(nbtrack.place);
  useEffect(() => {
    const take = (_: unknown, next: Place) => setPlace(next);
    setPlace(nbtrack.place);
    nbtrack.placeChanged.connect(take);
    return () => void nbtrack.placeChanged.disconnect(take);
  }, [nbtrack]);
  const again = () => {
    const found = (next: Partial<Place>) =>
      setPlace((now) => (now.path === place.path ? { ...now, info: null, error: null, ...next } : now));
    nbtrack.find(place.path).then(
      (info) => found({ info }),
      (error: Error) => found({ error }),
    );
  };
  return [place, again];
}

function useSettings(nbtrack: INbtrack): Settings {
  const [settings, setSettings] = useState(nbtrack.settings);
  useEffect(() => {
    const take = (_: unknown, next: Settings) => setSettings(next);
    setSettings(nbtrack.settings);
    nbtrack.settingsChanged.connect(take);
    return () => void nbtrack.settingsChanged.disconnect(take);
  }, [nbtrack]);
  return settings;
}

/** The commands of the page, under the names that the list knows. */
function hostOf(app: JupyterFrontEnd, collapse: (() => void) | null): Host {
  const json = (given: HostCommands[HostCommand]) => given as unknown as ReadonlyPartialJSONObject;
  return {
    can: (command, given) => {
      if (command === "collapse") return collapse !== null;
      const id = commands[command as Exclude<typeof command, "collapse">];
      return app.commands.hasCommand(id) && app.commands.isEnabled(id, json(given));
    },
    run: async (command, given) => {
      if (command === "collapse") return collapse?.();
      return app.commands.execute(commands[command as Exclude<typeof command, "collapse">], json(given));
    },
  };
}
