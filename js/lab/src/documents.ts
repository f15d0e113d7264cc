// Files of the type `.nbtrack`: a saved view of the runs of the project that the file lies in. What
// shows one is loaded with the first of them.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import { PanelLayout, Widget } from "@lumino/widgets";
import { loaded } from "./cells/load";
import type { Place } from "./document";
import { runsIcon } from "./icons";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

const VIEW = "nbtrack view";
// Of a name, too: the folder in which runs are kept is called `.nbtrack`.
const PATTERN = "^.+\\.nbtrack$";

class Factory extends ABCWidgetFactory<DocumentWidget<Widget>> {
  constructor(
    readonly place: Place,
    options: DocumentRegistry.IWidgetFactoryOptions,
  ) {
    super(options);
  }

  protected override createNewWidget(context: DocumentRegistry.Context): DocumentWidget<Widget> {
    const content = new Widget();
    content.layout = new PanelLayout();
    content.addClass("nbt-document");
    void this.#show(context, content);
    const widget = new DocumentWidget({ context, content });
    widget.toolbar.hide();
    widget.title.icon = runsIcon;
    return widget;
  }

  async #show(context: DocumentRegistry.Context, content: Widget): Promise<void> {
    const found = await loaded(() => import("./document"));
    if (found && !content.isDisposed) new found.Shown(this.place, context, content);
  }
}

export const documents: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:documents`,
  description: "Saved views of runs as files.",
  autoStart: true,
  requires: [INbtrack],
  activate: (app: JupyterFrontEnd, nbtrack: INbtrack) => {
    app.docRegistry.addFileType({
      name: NAME,
      displayName: "View of runs",
      extensions: [],
      pattern: PATTERN,
      mimeTypes: ["application/json"],
      fileFormat: "text",
      contentType: "file",
      icon: runsIcon,
    });
    const options = { name: VIEW, modelName: "text", fileTypes: [NAME], defaultFor: [NAME], readOnly: true };
    app.docRegistry.addWidgetFactory(new Factory({ app, nbtrack }, options));
  },
};
