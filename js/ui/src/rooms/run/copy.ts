import { useCallback } from "react";
import { usePanel } from "../../state/panel";

/** Copies a text, and says so. Works on pages without the clipboard API too: a hub over plain HTTP. */
export function useCopy(): (text: string, what: string) => void {
  const { toasts } = usePanel();
  return useCallback(
    (text, what) => {
      const { say } = toasts.getState();
      put(text).then(
        () => say({ kind: "done", text: `Copied ${what}.` }),
        () =>
          say({ kind: "error", text: "The browser does not let the panel copy.", hint: "Select the text instead." }),
      );
    },
    [toasts],
  );
}

async function put(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const box = document.createElement("textarea");
  box.value = text;
  box.style.cssText = "position:fixed;opacity:0";
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("copy");
}
