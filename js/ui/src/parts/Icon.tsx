// Line icons on a 16 px grid, drawn for nbtrack.
const PATHS = {
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.8 10.8 14 14",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  group: "M2.5 3.5h11M5 8h8.5M5 12.5h8.5M2.5 6v6.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  "eye-off":
    "M2 2l12 12M6.2 3.8A6.6 6.6 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a12 12 0 0 1-2 2.5M9.9 12.2c-.6.2-1.2.3-1.9.3C4 12.5 1.5 8 1.5 8A12 12 0 0 1 4 5.1",
  star: "M8 2l1.8 3.8 4.2.5-3.1 2.9.8 4.1L8 11.3l-3.7 2 .8-4.1L2 6.3l4.2-.5z",
  pin: "M6 2.5h4M6.5 2.5 6.5 7 4.5 9.5h7L9.5 7V2.5M8 9.5V14",
  flag: "M4 14V2.5M4 3h8l-2 2.5 2 2.5H4",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 9h6l.5-9M6.8 7v4M9.2 7v4",
  tag: "M2.5 2.5h5l6 6-5 5-6-6zM5.3 5.3h.01",
  note: "M3 2.5h10v11H3zM5.5 6h5M5.5 9h3.5",
  undo: "M3 6h7a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3",
  close: "M4 4l8 8M12 4l-8 8",
  back: "M10 3 5 8l5 5",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  up: "M4 10l4-4 4 4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  expand: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9.5 6.5M2.5 13.5l4-4",
  shrink: "M13.5 6.5h-4v-4M2.5 9.5h4v4M9.5 6.5l4-4M6.5 9.5l-4 4",
  compare: "M8 2v12M5.5 4.5h-3v7h3M10.5 4.5h3v7h-3",
  chart: "M2.5 2.5v11h11M4.5 10.5l3-4 2.5 2 3.5-4.5",
  plus: "M8 3v10M3 8h10",
  minus: "M3.5 8h9",
  check: "M3 8.5l3.5 3.5L13 4.5",
  settings:
    "M2.5 5h6M12 5h1.5M2.5 11h1.5M7.5 11h6M10.2 6.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4ZM5.8 12.7a1.7 1.7 0 1 0 0-3.4 1.7 1.7 0 0 0 0 3.4Z",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
  export: "M8 10V2.5M4.8 5.4 8 2.2l3.2 3.2M3 8v5.5h10V8",
  drag: "M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01",
  folder: "M2 4.5v8.5h12V5.5H8L6.5 3.5H2z",
  file: "M4 1.8h5l3 3v9.4H4zM9 1.8v3h3",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.2V11M8 4.9v.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg className="nbt-icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} style={filled ? { fill: "currentcolor" } : undefined} />
    </svg>
  );
}
