// Runs go with their notebook when it, or a folder above it, has another name.
import type { Contents } from "@jupyterlab/services";
import type { Base } from "./here";

export function followMoves({ app, nbtrack }: Base): void {
  app.serviceManager.contents.fileChanged.connect((_, change) => void moved(change));

  async function moved({ type, oldValue, newValue }: Contents.IChangedArgs): Promise<void> {
    const [before, after] = [oldValue?.path, newValue?.path];
    if (type !== "rename" || !before || !after) return;
    const folder = newValue?.type === "directory";
    if (!folder && !after.endsWith(".ipynb")) return;
    const info = await nbtrack.find(after).catch(() => null);
    const root = info?.project ? `${info.project}/` : "";
    // Into another project, or the project's own folder: its runs are kept by the paths inside of it.
    if (!info?.exists || !before.startsWith(root) || !after.startsWith(root)) return;
    const request = { old: before.slice(root.length), new: after.slice(root.length) };
    await nbtrack
      .transport(info.project)
      .ask("runs.moved", request)
      .catch(() => undefined);
  }
}
