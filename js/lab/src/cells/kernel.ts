// The kernel of a notebook, as far as tracked cells are concerned.
import type { NotebookPanel } from "@jupyterlab/notebook";

/** Whether the notebook's cells are Python; where nothing says what they are, they are taken for it. */
export function isPython({ sessionContext, model }: NotebookPanel): boolean {
  const name = sessionContext.session?.kernel?.name ?? sessionContext.kernelPreference.name ?? "";
  const known = sessionContext.specsManager.specs?.kernelspecs[name]?.language;
  const language = known || model?.defaultKernelLanguage || "";
  return !language || /^i?python/i.test(language);
}
