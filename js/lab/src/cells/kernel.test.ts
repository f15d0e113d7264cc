import type { NotebookPanel } from "@jupyterlab/notebook";
import { expect, test } from "vitest";
import { isPython } from "./kernel";

/** A notebook as far as it is looked at. */
function notebook({ running = "", wanted = "", language = "" }): NotebookPanel {
  const kernelspecs = { python3: { language: "python" }, ir: { language: "R" }, xpython: { language: "python" } };
  return {
    sessionContext: {
      session: running ? { kernel: { name: running } } : null,
      kernelPreference: { name: wanted },
      specsManager: { specs: { kernelspecs } },
    },
    model: { defaultKernelLanguage: language },
  } as unknown as NotebookPanel;
}

test("The running kernel says what the cells are, then the one that is wanted, then the file", () => {
  expect(isPython(notebook({ running: "ir", wanted: "python3", language: "python" }))).toBe(false);
  expect(isPython(notebook({ wanted: "xpython", language: "R" }))).toBe(true);
  expect(isPython(notebook({ wanted: "gone", language: "julia" }))).toBe(false);
  expect(isPython(notebook({ wanted: "gone", language: "ipython" }))).toBe(true);
  expect(isPython(notebook({}))).toBe(true);
});
