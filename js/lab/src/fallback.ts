// What an output shows when the server does not have its project: why, and the live widget, or the picture that was saved.
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { PanelLayout, Widget } from "@lumino/widgets";
import { sealed } from "@nbtrack/ui/src/rooms/run/sandbox";
import { problem } from "./panel";

const WIDGET = "application/vnd.jupyter.widget-view+json";
const MOST = 1200; // pixels of a picture before it scrolls

interface Place {
  notebook: NotebookPanel | null;
  again: () => void;
}

export class Fallback extends Widget {
  readonly #model: IRenderMime.IMimeModel;
  #watch: MutationObserver | null = null;

  constructor(reason: Error & { hint?: string }, model: IRenderMime.IMimeModel, { notebook, again }: Place) {
    super();
    this.#model = model;
    this.layout = new PanelLayout();
    const note = problem(reason, { label: "Try again", run: again });
    note.classList.add("nbt-note");
    this.node.append(note);
    const saved = model.data["text/html"];
    if (typeof saved === "string") this.node.append(picture(saved));
    if (notebook) void this.#findLive(notebook);
  }

  /** The widget, if this page's kernel still has its model. It is not looked for where it would say that it has none. */
  async #findLive(notebook: NotebookPanel): Promise<void> {
    if (!this.#model.data[WIDGET] || !this.#model.trusted) return;
    await notebook.sessionContext.ready;
    if (this.isDisposed || !notebook.sessionContext.session?.kernel) return;
    const { rendermime } = notebook.content;
    if (!rendermime.mimeTypes.includes(WIDGET)) return;
    const live = rendermime.createRenderer(WIDGET);
    live.node.hidden = true; // it says "model not found" while, or where, there is none
    (this.layout as PanelLayout).addWidget(live);
    const look = () => {
      if (!live.node.firstElementChild) return;
      live.node.hidden = false;
      for (const child of [...this.node.children]) if (child !== live.node) child.remove();
      this.#watch?.disconnect();
    };
    this.#watch = new MutationObserver(look);
    this.#watch.observe(live.node, { childList: true });
    await live.renderModel(this.#model).catch(() => {}); // then the picture stays
    look();
  }

  override dispose(): void {
    this.#watch?.disconnect();
    super.dispose();
  }
}

/** The saved HTML in a frame in which nothing can run; it needs no trust, and keeps its drawings. */
function picture(markup: string): HTMLElement {
  const frame = document.createElement("iframe");
  // Scripts are off. Its origin is the page's, so that its height can be read.
  frame.setAttribute("sandbox", "allow-same-origin");
  frame.referrerPolicy = "no-referrer";
  frame.title = "The picture that was saved of this panel";
  frame.className = "nbt-saved";
  const fit = () => {
    const height = frame.contentDocument?.documentElement?.offsetHeight;
    if (height) frame.style.height = `${Math.min(MOST, height + 4)}px`;
  };
  frame.onload = () => {
    fit();
    new ResizeObserver(fit).observe(frame);
  };
  // The theme's colours are known where the frame stands in the page.
  const begin = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    begin.disconnect();
    const look = getComputedStyle(frame.parentElement ?? document.body);
    const ink = look.getPropertyValue("--jp-ui-font-color1").trim() || look.color;
    const names = new Set(markup.match(/--jp-[\w-]+/g));
    const colours = [...names].map((name) => `${name}:${look.getPropertyValue(name).replace(/[<>{};]/g, "")}`);
    const page = sealed(`<style>:root{${colours.join(";")}}</style>${markup}`, {
      ink,
      paper: "transparent",
      line: look.getPropertyValue("--jp-border-color2").trim() || "gray",
      font: look.fontFamily.replace(/[<>&{}]/g, ""),
      size: look.getPropertyValue("--jp-ui-font-size1").trim() || "13px",
      scheme: look.colorScheme || "normal", // with another, what is behind the frame would not be seen
    });
    if (page === null) frame.remove();
    else frame.srcdoc = page;
  });
  begin.observe(frame);
  return frame;
}
