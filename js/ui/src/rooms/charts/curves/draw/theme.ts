// The colours of the page's theme, as a canvas takes them.

export interface Theme {
  ink: string;
  dim: string;
  grid: string;
  edge: string;
  background: string;
  font: string;
}

const COLOURS = { ink: "ink-2", dim: "dim", grid: "curve-grid", edge: "line", background: "bg" } as const;

/** Read through an element: the variables are made of others, and only a property that takes a colour resolves them. */
export function readTheme(inside: HTMLElement): Theme {
  const probe = inside.ownerDocument.createElement("span");
  probe.style.display = "none";
  probe.style.setProperty("forced-color-adjust", "none"); // else every colour reads as the one of text
  inside.append(probe);
  const computed = getComputedStyle(probe);
  const found: Record<string, string> = {};
  for (const [name, variable] of Object.entries(COLOURS)) {
    probe.style.color = `var(--nbt-${variable})`;
    found[name] = computed.color || "#888";
  }
  probe.style.fontFamily = "var(--nbt-font)";
  found.font = computed.fontFamily || "sans-serif";
  probe.remove();
  return found as unknown as Theme;
}

const SETTLES = [0, 120, 600, 2000]; // milliseconds: a theme's stylesheet may come well after its name

/** Calls back when the theme becomes another. Returns what ends that. */
export function watchTheme(inside: HTMLElement, onChange: (theme: Theme) => void): () => void {
  let last = JSON.stringify(readTheme(inside));
  let timers: ReturnType<typeof setTimeout>[] = [];
  const look = () => {
    const theme = readTheme(inside);
    const text = JSON.stringify(theme);
    if (text === last) return;
    last = text;
    onChange(theme);
  };
  const changed = () => {
    for (const timer of timers) clearTimeout(timer);
    timers = SETTLES.map((wait) => setTimeout(look, wait));
  };
  const observer = new MutationObserver(changed);
  const options = {
    attributes: true,
    attributeFilter: ["class", "style", "data-jp-theme-name", "data-theme", "data-vscode-theme-id"],
  };
  for (let one: HTMLElement | null = inside.parentElement; one; one = one.parentElement) observer.observe(one, options);
  const media = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"].map((query) =>
    matchMedia(query),
  );
  for (const one of media) one.addEventListener("change", changed);
  return () => {
    for (const timer of timers) clearTimeout(timer);
    observer.disconnect();
    for (const one of media) one.removeEventListener("change", changed);
  };
}
