// Files of the type `.nbtrack`: a saved view of the runs of the project that the file lies in.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import { PanelLayout, Widget } from "@lumino/widgets";
import { runsIcon } from "./icons";
import { commands, NAME } from "./ids";
import { openerOf } from "./openFile";
import { PanelView, problem } from "./panel";
import { INbtrack } from "./tokens";

const VIEW = "nbtrack view";
// Of a name, too: the folder in which runs are kept is called `.nbtrack`.
const PATTERN = "^.+\\.nbtrack$";

interface Place {
  app: JupyterFrontEnd;
  nbtrack: INbtrack;
}

/** What a file shows; shown anew when another text was saved. */
class Shown extends Widget {
  readonly #place: Place;
  readonly #context: DocumentRegistry.Context;
  #text: string | null = null;

  constructor(place: Place, context: DocumentRegistry.Context) {
    super();
    this.#place = place;
    this.#context = context;
    this.layout = new PanelLayout();
    this.addClass("nbt-document");
    context.fileChanged.connect(this.#show, this);
    void context.ready.then(() => this.#show());
  }

  #show(): void {
    const text = this.#context.model.toString();
    if (this.isDisposed || text === this.#text) return;
    this.#text = text;
    void this.#draw(text);
  }

  async #draw(text: string): Promise<void> {
    const { app, nbtrack } = this.#place;
    try {
      const { specIn } = await import("./file");
      const spec = specIn(text);
      const { project } = await nbtrack.find(this.#context.localPath);
      if (this.isDisposed || text !== this.#text) return;
      const openTab: NonNullable<ConstructorParameters<typeof PanelView>[3]>["openTab"] = (open) =>
        void (open.kind === "run"
          ? app.commands.execute(commands.openRun, { project, run: open.id })
          : app.commands.execute(commands.compare, { project, runs: open.ids }));
      this.#put(new PanelView(nbtrack, project, spec, { fill: true, openTab, openFile: openerOf(app, project) }));
    } catch (error) {
      if (this.isDisposed || text !== this.#text) return;
      this.#put(new Widget({ node: this.#wrong(error as Error) }));
    }
  }

  #put(child: Widget): void {
    const layout = this.layout as PanelLayout;
    for (const one of [...layout.widgets]) one.dispose();
    layout.addWidget(child);
  }

  #wrong(error: Error & { hint?: string; line?: number }): HTMLElement {
    const { app } = this.#place;
    const { path } = this.#context;
    const edit = {
      label: "Open in the text editor",
      run: () => void app.commands.execute("docmanager:open", { path, factory: "Editor" }),
    };
    if (error.line) {
      const name = path.split("/").at(-1);
      return problem(
        { message: `Line ${error.line} of ${name}: ${error.message}`, hint: "Correct it, and save it." },
        edit,
      );
    }
    const again = { label: "Try again", run: () => void this.#draw(this.#text ?? "") };
    return problem(error, again, edit);
  }
}

class Factory extends ABCWidgetFactory<DocumentWidget<Shown>> {
  constructor(
    readonly place: Place,
    options: DocumentRegistry.IWidgetFactoryOptions,
  ) {
    super(options);
  }

  protected override createNewWidget(context: DocumentRegistry.Context): DocumentWidget<Shown> {
    const widget = new DocumentWidget({ context, content: new Shown(this.place, context) });
    widget.toolbar.hide();
    widget.title.icon = runsIcon;
    return widget;
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
