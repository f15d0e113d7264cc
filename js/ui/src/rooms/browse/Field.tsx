// A text that is changed where it stands. Enter or a click elsewhere keeps it, Escape does not.
import { useLayoutEffect, useRef } from "react";

interface Props {
  label: string;
  text: string;
  /** With the new text, or null where nothing is to change. */
  onEnd: (text: string | null) => void;
}

export function Field({ label, text, onEnd }: Props) {
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useLayoutEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  const end = (keep: boolean) => {
    if (done.current) return;
    done.current = true;
    const now = field.current?.value.trim() ?? "";
    onEnd(keep && now && now !== text ? now : null);
  };
  return (
    <input
      ref={field}
      className="nbt-input nbt-side-field"
      aria-label={label}
      defaultValue={text}
      spellCheck={false}
      onClick={(event) => event.stopPropagation()}
      onDoubleClick={(event) => event.stopPropagation()}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") end(true);
        if (event.key === "Escape") end(false);
      }}
    />
  );
}
