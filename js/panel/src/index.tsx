// The entry of the widget (anywidget's front-end module): a way to Python, and the panel on it.
import { CommTransport, mount, type PanelModel, type PanelSpec, RestTransport } from "@nbtrack/ui/src/index";

interface Props {
  model: PanelModel;
  el: HTMLElement;
}

function render({ model, el }: Props): () => void {
  const transport = new CommTransport(model);
  const end = mount(el, transport, model.get("spec") as PanelSpec);
  let notebook: Element | null = null;
  requestAnimationFrame(() => {
    notebook = el.closest(".jp-Notebook"); // it is not in the page yet
  });
  return () => {
    end();
    // Removed out of a notebook that stays: nobody will see it again. When the tab or the page goes, it may come back.
    transport.close(notebook?.isConnected === true && !el.isConnected);
  };
}

export default { render };
export { mount, RestTransport };
