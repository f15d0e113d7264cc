// The signs of runs as outlines, in the order of GLYPHS in lib/palette.ts: ● ■ ◆ ▲ ▼ ✚ ⬢ ★. Each fits a circle of radius 1.

type Point = readonly [x: number, y: number];

const turned = (count: number, from: number, radius: (n: number) => number = () => 1): Point[] =>
  Array.from({ length: count }, (_, n) => {
    const angle = from + (n * 2 * Math.PI) / count;
    return [radius(n) * Math.cos(angle), radius(n) * Math.sin(angle)] as const;
  });

const UP = -Math.PI / 2;
const ARM = 0.34;
const SHAPES: readonly (readonly Point[])[] = [
  turned(20, 0).map(([x, y]) => [0.85 * x, 0.85 * y] as const),
  turned(4, UP / 2).map(([x, y]) => [1.05 * x, 1.05 * y] as const),
  turned(4, UP),
  turned(3, UP).map(([x, y]) => [1.1 * x, 1.1 * y + 0.2] as const),
  turned(3, -UP).map(([x, y]) => [1.1 * x, 1.1 * y - 0.2] as const),
  [
    [-ARM, -1],
    [ARM, -1],
    [ARM, -ARM],
    [1, -ARM],
    [1, ARM],
    [ARM, ARM],
    [ARM, 1],
    [-ARM, 1],
    [-ARM, ARM],
    [-1, ARM],
    [-1, -ARM],
    [-ARM, -ARM],
  ],
  turned(6, UP),
  turned(10, UP, (n) => (n % 2 ? 0.48 : 1.15)),
];

/** The corners of a sign around a point. */
export function shape(number: number, x: number, y: number, radius: number): [x: number, y: number][] {
  return (SHAPES[number] ?? SHAPES[0] ?? []).map(([dx, dy]) => [x + dx * radius, y + dy * radius]);
}

/** A small triangle at an edge of the plot that points out of it: there is an infinite value. */
export function arrow(x: number, edge: number, up: boolean, size = 5): [x: number, y: number][] {
  const tip = up ? edge + 1 : edge - 1;
  const base = up ? tip + size * 1.4 : tip - size * 1.4;
  return [
    [x, tip],
    [x + size * 0.8, base],
    [x - size * 0.8, base],
  ];
}
