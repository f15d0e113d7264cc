// What the list offers to export, and how the file is opened in the page around it.
import type { Choice, OpenFile } from "../export/ExportMenu";
import type { Host } from "./host";
import type { Question } from "./list";

/** Selected runs, those that are listed, all of the notebook, all of the project. */
export function exportChoices(
  question: Question,
  notebook: string | null,
  selected: ReadonlySet<string>,
  matched: number | undefined,
): Choice[] {
  const { filter, also, sort } = question;
  const narrowed = Boolean(filter || also?.length);
  const listed = question.notebook ?? null;
  const found: Choice[] = [];
  if (selected.size) found.push({ label: "Selected", count: selected.size, which: { runs: [...selected] } });
  if (narrowed) found.push({ label: "As listed", count: matched, which: { filter, also, sort, notebook: listed } });
  if (notebook !== null) {
    const count = !narrowed && listed !== null ? matched : undefined;
    found.push({ label: "This notebook", count, which: { notebook } });
  }
  found.push({ label: "The whole project", count: !narrowed && listed === null ? matched : undefined, which: {} });
  return found;
}

export function openerOf(host: Host, project: string, fail: (error: unknown) => void): OpenFile | undefined {
  if (!host.can("openFile", { project, path: "", download: false })) return undefined;
  return (path, how) => void host.run("openFile", { project, path, download: how === "download" }).catch(fail);
}
