// The view's state survives a reload: it is read before the first picture and saved shortly after each change.
import type { Transport } from "../api/transport";
import type { Json } from "../contract";
import type { PanelSpec } from "./panel";
import { type Arranged, arranged, restored, type ViewStore } from "./view";

const WAIT = 700; // milliseconds for the remembered view before the panel is shown without it
const SAVE_AFTER = 600; // milliseconds of quiet

/**
 * Arrange the view as it was, then as the caller of the panel asked; save what changes. Returns what ends that. How it
 * was may be told only after WAIT, by a busy kernel or a slow server: it is taken as long as nothing was arranged since.
 */
export async function remember(view: ViewStore, transport: Transport, spec: PanelSpec): Promise<() => void> {
  const answer = transport.ask("tables.view", {}).catch(() => null);
  const saved = await inTime(answer);
  view.setState({ ...restored(saved?.state), ...asked(spec) });
  if (spec.open) view.setState({ open: { kind: "run", id: spec.open } });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let last = arranged(view.getState());
  if (saved === undefined) {
    const shown = last;
    void answer.then((late) => {
      if (ended || Object.keys(differing(shown, arranged(view.getState()))).length) return;
      last = arranged({ ...view.getState(), ...restored(late?.state), ...asked(spec) });
      view.setState(last);
    });
  }
  const save = async (closing: boolean) => {
    timer = undefined;
    const state = arranged(view.getState());
    const changed = differing(last, state);
    if (!Object.keys(changed).length) return;
    last = state;
    // Another tab of the project may have saved since: only what was changed here goes over it.
    const others = closing ? null : await transport.ask("tables.view", {}).catch(() => null);
    const whole = { ...state, ...others?.state, ...(others?.state ? changed : {}) };
    // A project that cannot be written is looked at all the same; then nothing is remembered.
    transport.ask("tables.save", { state: whole as unknown as Record<string, Json> }).catch(() => {});
  };
  const end = view.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(() => void save(false), SAVE_AFTER);
  });
  return () => {
    ended = true;
    end();
    if (timer !== undefined) {
      clearTimeout(timer);
      void save(true);
    }
  };
}

/** What it is, or undefined if that is not known soon. */
async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, WAIT, undefined);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

function differing(before: Arranged, now: Arranged): Partial<Arranged> {
  const names = Object.keys(now) as (keyof Arranged)[];
  const changed = names.filter((name) => JSON.stringify(now[name]) !== JSON.stringify(before[name]));
  return Object.fromEntries(changed.map((name) => [name, now[name]]));
}

/** What the caller of the panel said goes before what was remembered. */
function asked(spec: PanelSpec): Partial<Arranged> {
  const found: Partial<Arranged> = {};
  const { filter, sort, columns, hidden, charts, height } = spec;
  if (filter) Object.assign(found, { filter, also: [] });
  if (sort?.length) found.sort = sort.map((key) => ({ id: key.replace(/^-/, ""), desc: key.startsWith("-") }));
  if (columns) Object.assign(found, { order: columns, visible: Object.fromEntries(columns.map((id) => [id, true])) });
  if (hidden?.length) found.visible = { ...found.visible, ...Object.fromEntries(hidden.map((id) => [id, false])) };
  if (charts?.length) found.metrics = charts;
  if (height) found.height = height;
  return found;
}
