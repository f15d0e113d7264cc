// The routes of nbtrack/server: what is asked there beside the operations, and how.
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { AskError } from "@nbtrack/ui/src/api/transport";
import { NAME } from "./ids";

/** A project, as the server knows it. */
export interface ProjectInfo {
  /** Its folder as a path of the file browser; "" is the server's own. It stands in every request. */
  project: string;
  /** The name of the folder, for people. */
  name: string;
  /** Whether runs are kept there already. */
  exists: boolean;
  /** What was asked for, as a path inside of the project: the `notebook` of its runs. */
  inside: string;
}

export class Server {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  url(...parts: string[]): string {
    return URLExt.join(this.settings.baseUrl, NAME, ...parts);
  }

  /** With the token, and what guards against forged requests. */
  readonly fetch = ((url: URL | string, init: RequestInit = {}) =>
    ServerConnection.makeRequest(String(url), init, this.settings)) as typeof fetch;

  /** The project that a notebook or a folder belongs to; an error where it is not inside the server's folder. */
  find(path: string): Promise<ProjectInfo> {
    return this.get<ProjectInfo>("projects", { path });
  }

  async get<T>(route: string, query: Record<string, string>, init: RequestInit = {}): Promise<T> {
    const url = this.url(route) + URLExt.objectToQueryString(query);
    const response = await this.fetch(url, init).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (answer?.ok) return answer.result as T;
    if (answer?.error) throw new AskError(answer.error);
    throw new AskError(
      response
        ? {
            code: "http",
            message: `The server has no answer to '${route}': ${response.status} ${response.statusText}.`,
            hint: "Is nbtrack installed where the server runs? `jupyter server extension list` says so.",
          }
        : { code: "unreachable", message: "The server cannot be reached.", hint: "Is it still running?" },
    );
  }

  socket(): WebSocket {
    const { wsUrl, token, appendToken, WebSocket } = this.settings;
    const url = URLExt.join(wsUrl, NAME, "changes");
    return new WebSocket(appendToken && token ? `${url}?token=${encodeURIComponent(token)}` : url);
  }
}
