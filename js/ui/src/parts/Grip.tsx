// An edge that can be moved, by the pointer or by the arrow keys.
import type { PointerEvent as Pointer } from "react";

interface Props {
  className: string;
  label: string;
  now: number;
  least: number;
  onStart?: (y: number) => void;
  onDrag: (grip: HTMLElement, y: number) => void;
  onStep: (by: 1 | -1) => void;
}

export function Grip({ className, label, now, least, onStart, onDrag, onStep }: Props) {
  const start = (event: Pointer<HTMLDivElement>) => {
    const grip = event.currentTarget;
    event.preventDefault();
    onStart?.(event.clientY);
    grip.setPointerCapture(event.pointerId);
    const move = (next: PointerEvent) => onDrag(grip, next.clientY);
    grip.addEventListener("pointermove", move);
    grip.addEventListener("lostpointercapture", () => grip.removeEventListener("pointermove", move), { once: true });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves is a widget, which <hr> is not
    <div
      className={className}
      role="separator"
      aria-orientation="horizontal"
      aria-label={label}
      aria-valuenow={now}
      aria-valuemin={least}
      tabIndex={0}
      onPointerDown={start}
      onKeyDown={(event) => {
        if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
        event.preventDefault();
        onStep(event.key === "ArrowDown" ? 1 : -1);
      }}
    />
  );
}
