// A text to copy by hand, where the browser does not let the panel do it.
import { useLayoutEffect, useRef } from "react";
import { Button } from "../../../parts/Button";
import { Dialog } from "../../../parts/Dialog";

export function TextDialog({ title, text, onClose }: { title: string; text: string; onClose: () => void }) {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, []);
  return (
    <Dialog title={title} onClose={onClose}>
      <p className="nbt-dim">The browser does not let the panel copy. The text is selected: press Ctrl+C or ⌘C.</p>
      <textarea ref={box} className="nbt-input nbt-text-dialog" aria-label={title} readOnly rows={12} value={text} />
      <div className="nbt-dialog-foot">
        <Button label="Close" look="outline" onClick={onClose} />
      </div>
    </Dialog>
  );
}
