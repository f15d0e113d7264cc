// The rooms that are loaded when they are first shown, so that the panel itself stays small: anywidget sends it with every
// widget, and gives up on a module that takes long to import.

import shared from "nbt:shared";
import { type ComponentType, useEffect, useState } from "react";
import type { AskError, Transport } from "../api/transport";
import { Spinner } from "../parts/Marks";
import { ErrorNote } from "../parts/Notes";
import { usePanel } from "../state/panel";

type Room = Record<string, ComponentType<never>>;
type Module = { default: (shared: object) => Room };

const loaded = new Map<string, Room>();
const loading = new Map<string, Promise<Room>>();

export function loadRoom(transport: Transport, file: string): Promise<Room> {
  const known = loading.get(file);
  if (known) return known;
  const coming = evaluate(transport, file).catch((error: unknown) => {
    loading.delete(file); // the next who wants it tries again
    throw error;
  });
  loading.set(file, coming);
  return coming;
}

async function evaluate(transport: Transport, file: string): Promise<Room> {
  const text = await transport.asset(file, { timeout: 120_000 });
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const module = (await import(/* @vite-ignore */ url)) as Module;
    const room = module.default(shared);
    loaded.set(file, room);
    return room;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function lazy<P extends object>(file: string, name: string): ComponentType<P> {
  return function Lazy(props: P) {
    const { transport } = usePanel();
    const [state, setState] = useState<{ room?: Room; error?: AskError }>(() => ({ room: loaded.get(file) }));
    const [tries, setTries] = useState(0);
    useEffect(() => {
      let left = false;
      loadRoom(transport, file).then(
        (room) => left || setState({ room }),
        (error: AskError) => left || setState({ error }),
      );
      return () => {
        left = true;
      };
    }, [transport, tries]);
    if (state.error) return <ErrorNote error={state.error} again={() => setTries(tries + 1)} />;
    const Found = state.room?.[name] as ComponentType<P> | undefined;
    if (Found) return <Found {...props} />;
    return (
      <div className="nbt-empty">
        <Spinner />
      </div>
    );
  };
}

export const Curves = lazy<object>("curves.js", "Curves");
export const CurvesOf = lazy<{ ids: string[] }>("curves.js", "CurvesOf");
export const OneRun = lazy<{ id: string }>("run.js", "OneRun");
export const Compare = lazy<{ ids: string[] }>("run.js", "Compare");
