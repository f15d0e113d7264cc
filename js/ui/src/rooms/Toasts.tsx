import { useEffect } from "react";
import { useStore } from "zustand";
import { Button } from "../parts/Button";
import { usePanel } from "../state/panel";
import type { Toast } from "../state/toasts";

const STAYS = 8000; // milliseconds; an error stays until it is closed

export function ToastList() {
  const { toasts } = usePanel();
  const shown = useStore(toasts, (one) => one.toasts);
  const dismiss = useStore(toasts, (one) => one.dismiss);
  return (
    <div className="nbt-toasts" role="status" aria-live="polite">
      {shown.map((toast) => (
        <ToastLine key={toast.id} toast={toast} onClose={() => dismiss(toast.id)} />
      ))}
    </div>
  );
}

function ToastLine({ toast, onClose }: { toast: Toast; onClose: () => void }) {
  const { dismiss } = usePanel().toasts.getState();
  useEffect(() => {
    if (toast.kind === "error") return;
    const timer = setTimeout(() => dismiss(toast.id), STAYS);
    return () => clearTimeout(timer);
  }, [toast, dismiss]);
  return (
    <div className={`nbt-toast nbt-toast-${toast.kind}`}>
      <span>
        {toast.text}
        {toast.hint && <span className="nbt-toast-hint"> {toast.hint}</span>}
      </span>
      {[toast.action, toast.other].map(
        (one) =>
          one && (
            <Button
              key={one.label}
              className="nbt-act"
              label={one.label}
              onClick={() => {
                one.run();
                onClose();
              }}
            />
          ),
      )}
      <Button label="Close" icon="close" iconOnly onClick={onClose} />
    </div>
  );
}
