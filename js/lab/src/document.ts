// What a saved view shows: loaded with the first file of that type.
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import { type PanelLayout, Widget } from "@lumino/widgets";
import { specIn } from "./file";
import { hostOf } from "./host";
import { PanelView, problem } from "./panel";
import type { INbtrack } from "./tokens";

export interface Place {
  app: JupyterFrontEnd;
  nbtrack: INbtrack;
}

/** What a file shows in a widget, whose layout is a panel's; shown anew when another text was saved. */
export class Shown {
  readonly #place: Place;
  readonly #context: DocumentRegistry.Context;
  readonly #box: Widget;
  #text: string | null = null;

  constructor(place: Place, context: DocumentRegistry.Context, box: Widget) {
    this.#place = place;
    this.#context = context;
    this.#box = box;
    context.fileChanged.connect(this.#show, this);
    box.disposed.connect(() => context.fileChanged.disconnect(this.#show, this));
    void context.ready.then(() => this.#show());
  }

  #show(): void {
    const text = this.#context.model.toString();
    if (this.#box.isDisposed || text === this.#text) return;
    this.#text = text;
    void this.#draw(text);
  }

  async #draw(text: string): Promise<void> {
    const { app, nbtrack } = this.#place;
    try {
      const spec = specIn(text);
      const { project } = await nbtrack.find(this.#context.localPath);
      if (this.#box.isDisposed || text !== this.#text) return;
      this.#put(new PanelView(nbtrack, project, spec, { fill: true, ...hostOf(app, project) }));
    } catch (error) {
      if (this.#box.isDisposed || text !== this.#text) return;
      this.#put(new Widget({ node: this.#wrong(error as Error) }));
    }
  }

  #put(child: Widget): void {
    const layout = this.#box.layout as PanelLayout;
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
