// What every plugin of nbtrack stands on: the ways to projects, the place the user is at, the settings.
import { ILabShell, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { PathExt } from "@jupyterlab/coreutils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { INotebookTracker, type NotebookPanel } from "@jupyterlab/notebook";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { Signal } from "@lumino/signaling";
import { RestTransport } from "@nbtrack/ui/src/api/rest";
import { Changes } from "./changes";
import { SETTINGS } from "./ids";
import { type ProjectInfo, Server } from "./server";
import { DEFAULTS, settingsOf } from "./settings";
import { INbtrack, type Place, type Settings } from "./tokens";

class Nbtrack implements INbtrack {
  readonly server: Server;
  readonly placeChanged = new Signal<this, Place>(this);
  readonly settingsChanged = new Signal<this, Settings>(this);
  settings = DEFAULTS;
  place: Place = { notebook: null, path: "", info: null, error: null };
  readonly #changes: Changes;
  readonly #found = new Map<string, Promise<ProjectInfo>>();
  readonly #transports = new Map<string, RestTransport>();

  constructor(app: JupyterFrontEnd) {
    this.server = new Server(app.serviceManager.serverSettings);
    this.#changes = new Changes({
      socket: () => this.server.socket(),
      ask: async (project) => (await this.transport(project).ask("project.revision", {})).revision,
    });
  }

  find(path: string): Promise<ProjectInfo> {
    const known = this.#found.get(path);
    if (known) return known;
    const asked = this.server.find(path);
    this.#found.set(path, asked);
    asked.catch(() => this.#found.delete(path)); // the next who wants it tries again
    return asked;
  }

  /** Something was renamed, or a project was begun: where things belong has to be asked anew. */
  forget(): void {
    this.#found.clear();
  }

  way(project: string): ConstructorParameters<typeof RestTransport>[0] {
    return {
      base: this.server.url("api"),
      assets: this.server.url("static"),
      artifacts: this.server.url("artifacts"),
      params: { project },
      fetch: this.server.fetch,
      revisions: (tell) => this.#changes.listen(project, tell),
    };
  }

  transport(project: string): RestTransport {
    let found = this.#transports.get(project);
    if (!found) {
      found = new RestTransport(this.way(project));
      this.#transports.set(project, found);
    }
    return found;
  }

  async go(notebook: NotebookPanel | null, path: string): Promise<void> {
    const here: Place = { notebook, path, info: null, error: null };
    try {
      here.info = await this.find(path);
    } catch (error) {
      here.error = error as Error;
    }
    if (this.#wanted !== path) return; // the user went on meanwhile
    this.place = here;
    this.placeChanged.emit(here);
  }

  #wanted = "";

  get path(): string {
    return this.#wanted;
  }

  want(notebook: NotebookPanel | null, path: string): void {
    this.#wanted = path;
    void this.go(notebook, path);
  }

  use(given: unknown): void {
    this.settings = settingsOf(given);
    this.settingsChanged.emit(this.settings);
  }
}

export const core: JupyterFrontEndPlugin<INbtrack> = {
  id: SETTINGS,
  description: "Ways to the projects' runs, for the other plugins of nbtrack.",
  autoStart: true,
  provides: INbtrack,
  optional: [INotebookTracker, IDefaultFileBrowser, ILabShell, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    browser: IDefaultFileBrowser | null,
    shell: ILabShell | null,
    registry: ISettingRegistry | null,
  ): INbtrack => {
    const nbtrack = new Nbtrack(app);
    const follow = () => {
      // The notebook in front. Where another kind of tab is, the one that was in front last stays what it is about.
      const notebook = notebooks?.currentWidget ?? null;
      nbtrack.want(notebook, notebook ? notebook.context.localPath : (browser?.model.path ?? ""));
    };
    notebooks?.currentChanged.connect((_, notebook) => {
      notebook?.context.pathChanged.connect(follow);
      follow();
    });
    browser?.model.pathChanged.connect(() => !notebooks?.currentWidget && follow());
    shell?.layoutModified.connect(() => notebooks?.currentWidget?.context.localPath !== nbtrack.place.path && follow());
    app.serviceManager.contents.fileChanged.connect((_, { type, oldValue, newValue }) => {
      const folder = type === "new" && PathExt.basename(newValue?.path ?? "") === ".nbtrack";
      if (type !== "rename" && !folder) return;
      if (oldValue?.path || folder) nbtrack.forget();
      follow();
    });
    void app.restored.then(follow);
    registry?.load(SETTINGS).then(
      (settings) => {
        const take = () => nbtrack.use(settings.composite);
        settings.changed.connect(take);
        take();
      },
      (error: unknown) => console.warn("nbtrack: the settings could not be read.", error),
    );
    return nbtrack;
  },
};
