// Panels in outputs. The server is asked first: it answers while the kernel is busy, dead or was never started, for
// trusted notebooks and others. Where it has no answer, the live widget or the saved picture stands in. All of
// these are loaded with the first output.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { INotebookTracker } from "@jupyterlab/notebook";
import { type IRenderMime, IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { PanelLayout, Widget } from "@lumino/widgets";
import { MIME, NAME } from "./ids";
import { INbtrack } from "./tokens";

const RANK = -20; // before that of widgets, −10, whose models are gone when a notebook is reopened

interface Place {
  app: JupyterFrontEnd;
  nbtrack: INbtrack;
  notebooks: INotebookTracker | null;
}

/** One output. It may be given another model, as when its cell runs again. */
class Output extends Widget implements IRenderMime.IRenderer {
  readonly #place: Place;
  readonly #options: IRenderMime.IRendererOptions;
  #turn = 0;

  constructor(place: Place, options: IRenderMime.IRendererOptions) {
    super();
    this.#place = place;
    this.#options = options;
    this.layout = new PanelLayout();
    this.addClass("nbt-output");
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const turn = ++this.#turn;
    const shown = await this.#shown(model);
    // Something else is to be shown by now, or nothing.
    if (this.isDisposed || turn !== this.#turn) return shown.dispose();
    const layout = this.layout as PanelLayout;
    for (const child of [...layout.widgets]) child.dispose();
    layout.addWidget(shown);
  }

  async #shown(model: IRenderMime.IMimeModel): Promise<Widget> {
    const { path = "" } = (this.#options.resolver ?? {}) as { path?: string };
    try {
      const { panelOf } = await import("./output");
      return await panelOf(this.#place, model.data[MIME], path);
    } catch (error) {
      const { Fallback } = await import("./fallback");
      return new Fallback(error as Error & { hint?: string }, model, {
        notebook: this.#notebook(),
        again: () => void this.renderModel(model),
      });
    }
  }

  /** The notebook that the output is in: they have the same way to find files. */
  #notebook() {
    const { resolver } = this.#options;
    return this.#place.notebooks?.find(({ content }) => content.rendermime.resolver === resolver) ?? null;
  }
}

export const renderer: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:renderer`,
  description: "Panels in outputs, with a kernel or without.",
  autoStart: true,
  requires: [INbtrack, IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    nbtrack: INbtrack,
    registry: IRenderMimeRegistry,
    notebooks: INotebookTracker | null,
  ) => {
    const place = { app, nbtrack, notebooks };
    registry.addFactory(
      { safe: true, mimeTypes: [MIME], createRenderer: (options) => new Output(place, options) },
      RANK,
    );
  },
};
