// Light, dark, or as the system has it.
const THEMES = [
  ["light dark", "Theme: system"],
  ["light", "Theme: light"],
  ["dark", "Theme: dark"],
] as const;

export function themed(): void {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "nbr-theme";
  let at = 0;
  const show = () => {
    const [scheme, label] = THEMES[at] ?? THEMES[0];
    document.body.style.colorScheme = scheme; // charts look out for changes of it
    button.textContent = label;
  };
  button.addEventListener("click", () => {
    at = (at + 1) % THEMES.length;
    show();
  });
  show();
  document.querySelector(".nbr-top nav")?.append(button);
}
