// A box that opens at a button and closes by Escape, a click elsewhere or a choice. It stands in the browser's top layer
// where there is one, so that no scrolling or transformed parent cuts it off; it stays inside the window.
import { type ReactNode, type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

interface Props {
  anchor: RefObject<HTMLElement | null>;
  open: boolean;
  onClose: () => void;
  label: string;
  role?: "menu" | "dialog" | "listbox";
  className?: string;
  children: ReactNode;
}

interface Place {
  left: number;
  top: number;
}

const GAP = 4;
const REACHED = "input:not(:disabled), button:not(:disabled), select, textarea, [tabindex='0']";

export function Popover({ anchor, open, onClose, label, role = "menu", className = "", children }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const place = usePlace(anchor, box, open);

  // Not before it has its place: until then it is hidden, and what is hidden takes no focus. But before the next key,
  // for which an effect, after the next picture, would be too late.
  const placed = place !== null;
  useLayoutEffect(() => {
    if (!open || !placed) return;
    const first = box.current?.querySelector<HTMLElement>("[autofocus], input, [role^='menuitem'], button");
    first?.focus({ preventScroll: true });
  }, [open, placed]);
  useEffect(() => {
    if (!open) return;
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
    // biome-ignore lint/a11y/noStaticElementInteractions: its role is given by who opens it
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: as above
    <div
      ref={box}
      role={role}
      aria-label={label}
      className={`nbt-popover ${className}`}
      style={place ? { left: place.left, top: place.top } : { visibility: "hidden", left: 0, top: 0 }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") close();
        else if (role === "menu") menuKey(event, close);
        else if (event.key === "Tab") turn(event);
      }}
    >
      {children}
    </div>
  );
}

/** Where the box stands: below its anchor, above it where there is no room; again when something scrolls or grows. */
function usePlace(anchor: RefObject<HTMLElement | null>, box: RefObject<HTMLElement | null>, open: boolean) {
  const [place, setPlace] = useState<Place | null>(null);
  const put = useCallback(() => {
    if (!anchor.current || !box.current) return;
    const at = anchor.current.getBoundingClientRect();
    const own = box.current.getBoundingClientRect();
    const below = at.bottom + GAP + own.height <= window.innerHeight || at.top < own.height;
    const wanted = {
      left: Math.max(GAP, Math.min(at.left, window.innerWidth - own.width - GAP)),
      top: below ? at.bottom + GAP : at.top - own.height - GAP,
    };
    setPlace((now) => (now?.left === wanted.left && now.top === wanted.top ? now : wanted));
    if (box.current.matches(":popover-open")) return;
    // Not in the top layer: a parent with a transform is what `fixed` counts from. Measure where it came to stand.
    requestAnimationFrame(() => {
      const real = box.current?.getBoundingClientRect();
      if (real && (Math.abs(real.left - wanted.left) > 1 || Math.abs(real.top - wanted.top) > 1)) {
        setPlace({ left: 2 * wanted.left - real.left, top: 2 * wanted.top - real.top });
      }
    });
  }, [anchor, box]);

  useLayoutEffect(() => {
    const own = box.current;
    if (!open || !own) return setPlace(null);
    own.setAttribute("popover", "manual");
    own.showPopover?.();
    put();
    const moved = (event: Event) => !own.contains(event.target as Node) && put();
    const grown = new ResizeObserver(put);
    grown.observe(own);
    window.addEventListener("scroll", moved, true);
    window.addEventListener("resize", put);
    return () => {
      grown.disconnect();
      window.removeEventListener("scroll", moved, true);
      window.removeEventListener("resize", put);
    };
  }, [open, box, put]);
  return place;
}

function menuKey(event: React.KeyboardEvent<HTMLElement>, close: () => void): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role^='menuitem']:not(:disabled), input")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const typing = document.activeElement instanceof HTMLInputElement;
  const goes: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: Math.max(at, 0) - 1,
    ...(typing ? {} : { Home: 0, End: -1 }),
  };
  const next = goes[event.key];
  if (event.key === "Tab") close();
  if (event.key === "Tab" || next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
}

/** Tab goes round inside a dialog: Escape leaves it. */
function turn(event: React.KeyboardEvent<HTMLElement>): void {
  const inside = [...event.currentTarget.querySelectorAll<HTMLElement>(REACHED)].filter((one) => one.tabIndex >= 0);
  const edge = event.shiftKey ? inside[0] : inside.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? inside.at(-1) : inside[0])?.focus();
}
