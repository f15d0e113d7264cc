// The entry of the widget (anywidget's front-end module): a way to Python, and the panel on it.
import { CommTransport, mount, type PanelModel, type PanelSpec, RestTransport } from "@nbtrack/ui/src/index";

interface Props {
  model: PanelModel;
  el: HTMLElement;
}

function render({ model, el }: Props): () => void {
  const transport = new CommTransport(model);
  const end = mount(el, transport, model.get("spec") as PanelSpec);
  return () => {
    end();
    transport.close();
  };
}

export default { render };
export { mount, RestTransport };
