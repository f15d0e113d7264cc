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
  const before = restored(saved?.state);
  view.setState({ ...before, ...firstColumns(spec, before), ...asked(spec) });
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

/** The columns that the user wants to see in every project, where none were chosen in this one. */
function firstColumns({ first }: PanelSpec, { order, visible }: Partial<Arranged>): Partial<Arranged> {
  if (!first?.length || order?.length || Object.keys(visible ?? {}).length) return {};
  return shownFirst(first);
}

const shownFirst = (columns: string[]): Partial<Arranged> => ({
  order: columns,
  visible: Object.fromEntries(columns.map((id) => [id, true])),
});

/** What the caller of the panel said goes before what was remembered. */
function asked(spec: PanelSpec): Partial<Arranged> {
  const found: Partial<Arranged> = {};
  const { filter, sort, columns, hidden, charts, height } = spec;
  if (filter) Object.assign(found, { filter, also: [] });
  if (sort?.length) found.sort = sort.map((key) => ({ id: key.replace(/^-/, ""), desc: key.startsWith("-") }));
  if (columns) Object.assign(found, shownFirst(columns));
  if (hidden?.length) found.visible = { ...found.visible, ...Object.fromEntries(hidden.map((id) => [id, false])) };
  if (charts?.length) found.metrics = charts;
  if (height) found.height = height;
  return found;
}
