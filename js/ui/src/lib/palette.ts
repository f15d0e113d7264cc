// One colour and one sign per run id, the same as nbtrack/charts/palette.py gives: see there for how they were found.
export const COLOURS = [
  "#0072b2",
  "#d55e00",
  "#008060",
  "#c0699b",
  "#2f95cf",
  "#9600ff",
  "#964b4b",
  "#c30f96",
  "#a569ff",
  "#c30f0f",
  "#2d6978",
  "#694bd2",
] as const;
export const GLYPHS = ["●", "■", "◆", "▲", "▼", "✚", "⬢", "★"] as const;
/** Dashes in pixels, in the order in which runs that share a colour get them. */
export const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [8, 3, 2, 3], [14, 4], [14, 4, 2, 4]];

export interface Sign {
  colour: string;
  glyph: string;
  /** Its place in GLYPHS. */
  shape: number;
  dash: readonly number[];
}

/** FNV-1a, 32 bits, over UTF-8, with its halves folded. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return (value ^ (value >>> 16)) >>> 0;
}

/** The stable sign of a run: it depends on nothing but its id. */
export function sign(runId: string): Sign {
  const number = hash(runId);
  const shape = Math.floor(number / COLOURS.length) % GLYPHS.length;
  return {
    colour: COLOURS[number % COLOURS.length] ?? COLOURS[0],
    glyph: GLYPHS[shape] ?? GLYPHS[0],
    shape,
    dash: [],
  };
}

/** Signs of runs shown together: where some share a colour the first is solid, the next dashed, in the order given. */
export function signs(runIds: Iterable<string>): Map<string, Sign> {
  const found = new Map<string, Sign>();
  const used = new Map<string, number>();
  for (const id of runIds) {
    if (found.has(id)) continue;
    const own = sign(id);
    const place = used.get(own.colour) ?? 0;
    used.set(own.colour, place + 1);
    found.set(id, { ...own, dash: DASHES[place % DASHES.length] ?? [] });
  }
  return found;
}

/** Signs for groups and categories, by their place. */
export function inOrder(names: Iterable<string>): Map<string, Sign> {
  const found = new Map<string, Sign>();
  for (const name of names) {
    if (found.has(name)) continue;
    const place = found.size;
    const shape = place % GLYPHS.length;
    const dash = DASHES[Math.floor(place / COLOURS.length) % DASHES.length] ?? [];
    found.set(name, {
      colour: COLOURS[place % COLOURS.length] ?? COLOURS[0],
      glyph: GLYPHS[shape] ?? GLYPHS[0],
      shape,
      dash,
    });
  }
  return found;
}
