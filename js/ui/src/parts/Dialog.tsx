// A box over the panel that is answered or left before anything else goes on.
import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { Button } from "./Button";

interface Props {
  title: string;
  className?: string;
  onClose: () => void;
  children: ReactNode;
}

export function Dialog({ title, className = "", onClose, children }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const close = useRef(onClose);
  close.current = onClose;
  // Before the next key: an effect would come after the next picture.
  useLayoutEffect(() => {
    const own = box.current;
    const before = document.activeElement;
    if (own && !own.open) own.showModal?.();
    const first = own?.querySelector<HTMLElement>("[data-first], input, textarea, select");
    first?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box}
      className={`nbt-dialog ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close.current();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key !== "Escape") return;
        event.preventDefault();
        close.current();
      }}
      onClick={(event) => event.target === event.currentTarget && close.current()}
    >
      <div className="nbt-dialog-box">
        <header className="nbt-dialog-head">
          <h2 id={id}>{title}</h2>
          <Button icon="close" iconOnly label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
