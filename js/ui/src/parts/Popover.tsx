// A box that opens at a button and closes by Escape, a click elsewhere or a choice. `fixed`, so that no scrolling parent
// cuts it off; it stays inside the window.
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

interface Props {
  anchor: RefObject<HTMLElement | null>;
  open: boolean;
  onClose: () => void;
  label: string;
  role?: "menu" | "dialog" | "listbox";
  className?: string;
  children: ReactNode;
}

const GAP = 4;

export function Popover({ anchor, open, onClose, label, role = "menu", className = "", children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number } | null>(null);

  useLayoutEffect(() => {
    if (!open || !anchor.current || !box.current) return;
    const at = anchor.current.getBoundingClientRect();
    const own = box.current.getBoundingClientRect();
    const below = at.bottom + GAP + own.height <= window.innerHeight || at.top < own.height;
    const wanted = {
      left: Math.max(GAP, Math.min(at.left, window.innerWidth - own.width - GAP)),
      top: below ? at.bottom + GAP : at.top - own.height - GAP,
    };
    // A parent with a transform is what `fixed` counts from: measure where the box really came to stand.
    setPlace(wanted);
    requestAnimationFrame(() => {
      const real = box.current?.getBoundingClientRect();
      if (real && (Math.abs(real.left - wanted.left) > 1 || Math.abs(real.top - wanted.top) > 1)) {
        setPlace({ left: 2 * wanted.left - real.left, top: 2 * wanted.top - real.top });
      }
    });
  }, [open, anchor]);

  useEffect(() => {
    if (!open) return;
    const first = box.current?.querySelector<HTMLElement>("[autofocus], input, [role^='menuitem'], button");
    first?.focus({ preventScroll: true });
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!box.current?.contains(target) && !anchor.current?.contains(target)) onClose();
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open, anchor, onClose]);

  if (!open) return null;
  const close = () => {
    onClose();
    anchor.current?.focus({ preventScroll: true });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: its role is a menu, a dialog or a listbox
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: and each of these takes a label
    <div
      ref={box}
      role={role}
      aria-label={label}
      className={`nbt-popover ${className}`}
      style={place ? { left: place.left, top: place.top } : { visibility: "hidden", left: 0, top: 0 }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") close();
        if (role === "menu" && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          event.preventDefault();
          step(event.currentTarget, event.key === "ArrowDown" ? 1 : -1);
        }
      }}
    >
      {children}
    </div>
  );
}

function step(menu: HTMLElement, by: number): void {
  const items = [...menu.querySelectorAll<HTMLElement>("[role^='menuitem']:not(:disabled), input")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + by + items.length) % items.length]?.focus();
}
