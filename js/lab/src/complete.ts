// Completes the lines of `%track` and `%%track` by the server: without a kernel, and while it is busy. What a kernel
// that has nbtrack loaded offers too is offered once: JupyterLab leaves out what it would insert twice.
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import {
  type CompletionHandler,
  type ICompletionContext,
  type ICompletionProvider,
  ICompletionProviderManager,
} from "@jupyterlab/completer";
import { type Completed, Completion, magicLine, type Words } from "./completion";
import { NAME } from "./ids";
import { INbtrack } from "./tokens";

// Before the kernel's 550: one that has no nbtrack offers everything it knows on such a line.
const RANK = 600;

class Provider implements ICompletionProvider {
  readonly identifier = `${NAME}:complete`;
  readonly rank = RANK;
  readonly renderer = null;
  readonly #nbtrack: INbtrack;
  readonly #completions = new WeakMap<object, Completion>();

  constructor(nbtrack: INbtrack) {
    this.#nbtrack = nbtrack;
  }

  /** On all other lines JupyterLab completes as if this were not here. */
  async isApplicable({ editor }: ICompletionContext): Promise<boolean> {
    if (!editor) return false;
    const offset = editor.getOffsetAt(editor.getCursorPosition());
    return magicLine(editor.model.sharedModel.getSource().slice(0, offset)) !== null;
  }

  fetch({ text, offset }: CompletionHandler.IRequest, context: ICompletionContext): Promise<Completed> {
    let own = this.#completions.get(context.widget);
    if (!own) {
      own = new Completion((line, signal) => this.#ask(line, signal, pathOf(context) ?? this.#nbtrack.place.path));
      this.#completions.set(context.widget, own);
    }
    return own.at(text, offset);
  }

  async #ask(line: string, signal: AbortSignal, path: string): Promise<Words> {
    const { project } = await this.#nbtrack.find(path);
    return this.#nbtrack.server.get<Words>("complete", { project, line }, { signal });
  }
}

/** The file browser's path of a notebook; of a console that of what it belongs to. */
function pathOf({ widget, session }: ICompletionContext): string | null {
  const { context } = widget as { context?: { localPath?: unknown } };
  return typeof context?.localPath === "string" ? context.localPath : (session?.path ?? null);
}

export const complete: JupyterFrontEndPlugin<void> = {
  id: `${NAME}:complete`,
  description: "Completes the lines of %track and %%track, with and without a kernel.",
  autoStart: true,
  requires: [INbtrack],
  optional: [ICompletionProviderManager],
  activate: (_: JupyterFrontEnd, nbtrack: INbtrack, manager: ICompletionProviderManager | null) => {
    manager?.registerProvider(new Provider(nbtrack));
  },
};
