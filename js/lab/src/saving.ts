// "Save view as…": how a table is arranged, as a file beside the notebooks.
import { Dialog, InputDialog, Notification, showDialog, showErrorMessage } from "@jupyterlab/apputils";
import { PathExt } from "@jupyterlab/coreutils";
import type { Contents } from "@jupyterlab/services";
import { allColumns } from "@nbtrack/ui/src/lib/columns";
import type { PanelSpec } from "@nbtrack/ui/src/state/panel";
import { arranged, type ViewStore } from "@nbtrack/ui/src/state/view";
import { ENDING } from "./file";
import { fileOf } from "./filed";
import type { INbtrack } from "./tokens";

interface What {
  project: string;
  view: ViewStore;
  spec: PanelSpec;
}

export async function saveView(nbtrack: INbtrack, contents: Contents.IManager, what: What): Promise<void> {
  try {
    const { keys } = await nbtrack.transport(what.project).ask("runs.keys", {});
    const text = fileOf(arranged(what.view.getState()), what.spec, allColumns(keys));
    const path = await askPath(nbtrack, what.project);
    if (path === null || !(await mayWrite(nbtrack, contents, path, what.project))) return;
    await contents.save(path, { type: "file", format: "text", content: text });
    Notification.success(`Saved the view as ${path}. Open it from the file browser.`, { autoClose: 5000 });
  } catch (error) {
    const { message, hint = "" } = error as Error & { hint?: string };
    await showErrorMessage("The view was not saved", `${message} ${hint}`);
  }
}

/** The name that the user gives, in the folder of the notebook that was in front, if it is one of this project. */
async function askPath(nbtrack: INbtrack, project: string): Promise<string | null> {
  const { notebook, path, info } = nbtrack.place;
  const folder = notebook && info?.project === project ? PathExt.dirname(path) : project;
  const asked = await InputDialog.getText({
    title: "Save view as",
    label: "The file's path, inside of the project",
    text: PathExt.join(folder, `runs${ENDING}`),
    okLabel: "Save",
    selectionRange: PathExt.join(folder, "runs").length,
  });
  const given = asked.value?.trim().replace(/^\/+/, "");
  if (!asked.button.accept || !given) return null;
  return given.endsWith(ENDING) && PathExt.basename(given) !== ENDING ? given : `${given}${ENDING}`;
}

/** A file shows the project that it lies in, and what is there already is not lost unasked. */
async function mayWrite(
  nbtrack: INbtrack,
  contents: Contents.IManager,
  path: string,
  project: string,
): Promise<boolean> {
  const place = await nbtrack.find(PathExt.dirname(path));
  if (place.project !== project) {
    throw Object.assign(new Error(`'${path}' lies outside of this project.`), {
      hint: `Choose a path that begins with '${project}/'.`,
    });
  }
  const there = await contents.get(path, { content: false }).catch((error: { response?: Response }) => {
    if (error.response?.status === 404) return null;
    throw error;
  });
  if (!there) return true;
  const { button } = await showDialog({
    title: "Replace the file?",
    body: `There is a file '${path}' already. What is in it will be lost.`,
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: "Replace" })],
  });
  return button.accept;
}
