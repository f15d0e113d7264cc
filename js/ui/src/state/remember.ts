// The view's state survives a reload: it is read before the first picture and saved shortly after each change.
import type { Transport } from "../api/transport";
import type { Json } from "../contract";
import type { PanelSpec } from "./panel";
import { type Arranged, arranged, restored, type ViewStore } from "./view";

const WAIT = 700; // milliseconds for the remembered view before the panel is shown without it
const SAVE_AFTER = 600; // milliseconds of quiet

/** Arrange the view as it was, then as the caller of the panel asked; save what changes. Returns what ends that. */
export async function remember(view: ViewStore, transport: Transport, spec: PanelSpec): Promise<() => void> {
  const saved = await transport.ask("tables.view", {}, { timeout: WAIT }).catch(() => null);
  view.setState({ ...restored(saved?.state), ...asked(spec) });
  if (spec.open) view.setState({ open: { kind: "run", id: spec.open } });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = JSON.stringify(arranged(view.getState()));
  const save = () => {
    timer = undefined;
    const state = arranged(view.getState());
    const text = JSON.stringify(state);
    if (text === last) return;
    last = text;
    // A project that cannot be written is looked at all the same; then nothing is remembered.
    transport.ask("tables.save", { state: state as unknown as Record<string, Json> }).catch(() => {});
  };
  const end = view.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_AFTER);
  });
  return () => {
    end();
    if (timer !== undefined) {
      clearTimeout(timer);
      save();
    }
  };
}

/** What the caller of the panel said goes before what was remembered. */
function asked(spec: PanelSpec): Partial<Arranged> {
  const found: Partial<Arranged> = {};
  const { filter, sort, columns, charts, height } = spec;
  if (filter) Object.assign(found, { filter, also: [] });
  if (sort?.length) found.sort = sort.map((key) => ({ id: key.replace(/^-/, ""), desc: key.startsWith("-") }));
  if (columns) Object.assign(found, { order: columns, visible: Object.fromEntries(columns.map((id) => [id, true])) });
  if (charts?.length) found.metrics = charts;
  if (height) found.height = height;
  return found;
}
