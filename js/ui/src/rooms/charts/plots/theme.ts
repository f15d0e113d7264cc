// Whether the panel stands on a dark ground, for what cannot be told by CSS variables.
import { type RefObject, useEffect, useState } from "react";

export function useTheme(element: RefObject<HTMLElement | null>): "light" | "dark" {
  const [theme, setTheme] = useState<"light" | "dark">("light");
  useEffect(() => {
    const look = () => setTheme(element.current && isDark(element.current) ? "dark" : "light");
    look();
    const observer = new MutationObserver(look);
    observer.observe(document.body, { attributes: true });
    const media = matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", look);
    return () => {
      observer.disconnect();
      media.removeEventListener("change", look);
    };
  }, [element]);
  return theme;
}

/** By the colour of its text: a colour of any notation is brought to numbers by a canvas of one pixel. */
export function isDark(element: HTMLElement): boolean {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return false;
  context.fillStyle = getComputedStyle(element).color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return 0.299 * red + 0.587 * green + 0.114 * blue > 128;
}
