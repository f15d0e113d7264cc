// Puts a panel into an element and takes it out again. The one entry of this package for its hosts.
import { createRoot } from "react-dom/client";
import { directed } from "./api/directed";
import type { Transport } from "./api/transport";
import { App } from "./rooms/App";
import { Panel, type PanelHost, type PanelSpec } from "./state/panel";
import { createQueryState } from "./state/query";
import { remember } from "./state/remember";
import { createToasts } from "./state/toasts";
import { createView } from "./state/view";
import "./style/index.css";

export function mount(root: HTMLElement, way: Transport, spec: PanelSpec, host: PanelHost = {}): () => void {
  const transport = directed(way, spec.directions ?? {});
  const query = createQueryState(transport);
  const view = createView();
  const toasts = createToasts();
  const tree = createRoot(root);
  let ended = false;
  let forget = () => {};
  // The remembered view comes first, so that the table does not ask for what nobody wanted; not waited for long.
  void remember(view, transport, spec).then((end) => {
    forget = end;
    if (ended) return end();
    host.onView?.(view);
    tree.render(
      <Panel.Provider value={{ transport, query, view, toasts, spec, host }}>
        <App />
      </Panel.Provider>,
    );
  });
  return () => {
    ended = true;
    forget();
    tree.unmount();
    query.close();
  };
}
