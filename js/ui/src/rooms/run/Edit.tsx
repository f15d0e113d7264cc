// A text that becomes a field when it is clicked. Enter and leaving the field keep what was typed, Escape does not.
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";

interface Props {
  /** What is edited, in words: "Name of the run". */
  label: string;
  value: string;
  /** A note may have lines: Enter makes one, Ctrl+Enter keeps. */
  lines?: boolean;
  className?: string;
  hint?: string;
  save: (text: string) => Promise<unknown>;
  children: ReactNode;
}

export function Edit({ label, value, lines, className = "", hint, save, children }: Props) {
  const [typed, setTyped] = useState<string | null>(null);
  const [saving, setSaving] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const begun = useRef(false);

  const end = (keep: boolean, focus = false) => {
    if (typed === null) return;
    setTyped(null);
    if (focus) queueMicrotask(() => button.current?.focus({ preventScroll: true }));
    if (!keep || typed === value) return;
    setSaving(typed);
    save(typed).finally(() => setSaving(null));
  };
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    event.stopPropagation();
    if (event.key === "Escape") end(false, true);
    if (event.key === "Enter" && (!lines || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      end(true, true);
    }
  };

  if (typed !== null) {
    const field = {
      className: `nbt-input nbt-edit-field ${className}`,
      "aria-label": label,
      value: typed,
      onKeyDown: keys,
      onBlur: () => end(true),
    };
    const begin = (element: HTMLInputElement | HTMLTextAreaElement | null) => {
      if (!element || begun.current) return;
      begun.current = true;
      element.focus({ preventScroll: true });
      element.select();
    };
    return lines ? (
      <textarea
        {...field}
        ref={begin}
        rows={Math.min(8, typed.split("\n").length + 1)}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
    ) : (
      <input {...field} ref={begin} onChange={(event) => setTyped(event.currentTarget.value)} />
    );
  }
  return (
    <button
      ref={button}
      type="button"
      className={`nbt-edit ${className}`}
      title={hint ?? label}
      onClick={() => {
        begun.current = false;
        setTyped(value);
      }}
    >
      {saving ?? children}
    </button>
  );
}
