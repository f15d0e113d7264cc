import { useCallback } from "react";
import { usePanel } from "../../state/panel";
import { copyText } from "../runs/toolbar/clipboard";

/** Copies a text, and says so. */
export function useCopy(): (text: string, what: string) => void {
  const { toasts } = usePanel();
  return useCallback(
    async (text, what) => {
      const done = await copyText(text);
      const failed = { text: "The browser does not let the panel copy.", hint: "Select the text instead." };
      toasts.getState().say(done ? { kind: "done", text: `Copied ${what}.` } : { kind: "error", ...failed });
    },
    [toasts],
  );
}
