// A chart as SVG: the same lines and ticks as on the screen, with a title, what the axes are, and a legend.
import type { Line, Stroke } from "../calc/line";
import type { Range } from "../calc/range";
import { type Axis, apart, ticks } from "../calc/ticks";
import { bandStretches } from "../draw/paint";
import { arrow, shape } from "../draw/shapes";
import type { Theme } from "../draw/theme";
import { type Frame, toX, toY, trace } from "../draw/trace";

export interface Drawing {
  title: string;
  xTitle: string;
  lines: readonly Line[];
  xAxis: Axis;
  yAxis: Axis;
  x: Range;
  y: Range;
  theme: Theme;
  width: number;
  height: number;
}

const LEGEND_ROW = 18;
const LEGEND_COLUMN = 190;
const MOST = 60; // lines in the legend

/** Text of users may hold anything; characters that XML cannot are left out. */
export function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

const at = (one: number) => String(Math.round(one * 100) / 100);
const corners = (points: readonly (readonly [number, number])[]) =>
  points.map(([x, y]) => `${at(x)},${at(y)}`).join(" ");

export function svgOf(drawing: Drawing): { svg: string; width: number; height: number } {
  const { theme, width, lines, title } = drawing;
  const legend = legendOf(drawing);
  const height = drawing.height + legend.height;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
      `font-family="${escaped(theme.font)}" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${theme.background}"/>`,
    `<text x="12" y="22" font-size="14" font-weight="600" fill="${theme.ink}">${escaped(title)}</text>`,
    ...plot(drawing, frameOf(drawing)),
    ...legend.parts,
    "</svg>",
  ];
  return { svg: parts.join("\n"), width, height: lines.length ? height : drawing.height };
}

function frameOf({ x, y, yAxis, width, height }: Drawing): Frame {
  const widest = Math.max(2, ...ticks(yAxis, ...y, height / 40).text.map((one) => one.length));
  const left = 20 + 6.4 * widest;
  return { x, y, left, top: 36, width: width - left - 20, height: height - 36 - 46 };
}

function plot(drawing: Drawing, frame: Frame): string[] {
  const { lines, theme } = drawing;
  const { left, top, width, height } = frame;
  const clip = `<clipPath id="plot"><rect x="${at(left)}" y="${at(top)}" width="${at(width)}" height="${at(height)}"/></clipPath>`;
  const inside: string[] = [];
  const above: string[] = [];
  for (const line of lines) {
    const { colour } = line.sign;
    for (const stretch of bandStretches(line, frame)) {
      inside.push(`<polygon points="${corners(stretch)}" fill="${colour}" fill-opacity="0.15"/>`);
    }
    if (line.raw)
      inside.push(stroke(path(line.raw, line.raw.y, frame).d, colour, 'stroke-width="1" stroke-opacity="0.24"'));
  }
  for (const line of lines) {
    const { colour, dash } = line.sign;
    const { d, marks } = path(line, line.y, frame);
    const dashes = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
    inside.push(stroke(d, colour, `stroke-width="1.5" stroke-linejoin="round"${dashes}`, line.label));
    for (const [x, y] of marks.dots) above.push(`<circle cx="${at(x)}" cy="${at(y)}" r="2" fill="${colour}"/>`);
    for (const { x, up } of marks.infinite) above.push(filled(arrow(x, up ? top : top + height, up), colour));
    if (marks.end) above.push(filled(shape(line.sign.shape, ...marks.end, 3.6), colour, theme.background));
  }
  return [clip, ...axes(drawing, frame), `<g clip-path="url(#plot)" fill="none">`, ...inside, "</g>", ...above];
}

function path(line: Stroke, ys: Float64Array, frame: Frame) {
  const d: string[] = [];
  const sink = {
    moveTo: (x: number, y: number) => void d.push(`M${at(x)} ${at(y)}`),
    lineTo: (x: number, y: number) => void d.push(`L${at(x)} ${at(y)}`),
  };
  const marks = trace(sink, line, ys, frame, 0.5);
  return { d: d.join(""), marks };
}

function stroke(d: string, colour: string, more: string, label = ""): string {
  const title = label ? `<title>${escaped(label)}</title>` : "";
  return d ? `<path d="${d}" fill="none" stroke="${colour}" ${more}>${title}</path>` : "";
}

function filled(points: readonly [number, number][], colour: string, ring?: string): string {
  const edge = ring ? ` stroke="${ring}" stroke-width="1.2"` : "";
  return `<polygon points="${corners(points)}" fill="${colour}"${edge}/>`;
}

function axes({ xAxis, yAxis, x, y, xTitle, theme }: Drawing, frame: Frame): string[] {
  const { left, top, width, height } = frame;
  const bottom = top + height;
  const found = [`<path d="M${at(left)} ${at(bottom)}H${at(left + width)}" stroke="${theme.edge}"/>`];
  const across = ticks(xAxis, ...x, width / apart(xAxis));
  const down = ticks(yAxis, ...y, height / 34);
  across.at.forEach((one, i) => {
    const place = at(toX(frame)(one));
    found.push(`<path d="M${place} ${at(bottom)}v4" stroke="${theme.edge}"/>`);
    found.push(
      `<text x="${place}" y="${at(bottom + 17)}" text-anchor="middle" fill="${theme.dim}">${across.text[i]}</text>`,
    );
  });
  down.at.forEach((one, i) => {
    const place = toY(frame)(one);
    found.push(`<path d="M${at(left)} ${at(place)}H${at(left + width)}" stroke="${theme.grid}"/>`);
    found.push(
      `<text x="${at(left - 7)}" y="${at(place + 4)}" text-anchor="end" fill="${theme.dim}">${down.text[i]}</text>`,
    );
  });
  found.push(
    `<text x="${at(left + width)}" y="${at(bottom + 34)}" text-anchor="end" fill="${theme.dim}">${escaped(xTitle)}</text>`,
  );
  return found;
}

function legendOf({ lines, width, height, theme }: Drawing): { parts: string[]; height: number } {
  const columns = Math.max(1, Math.floor((width - 24) / LEGEND_COLUMN));
  const shown = lines.slice(0, MOST);
  const rows = Math.ceil((shown.length + (lines.length > MOST ? 1 : 0)) / columns);
  const place = (n: number) =>
    [12 + (n % columns) * LEGEND_COLUMN, height + 8 + Math.floor(n / columns) * LEGEND_ROW] as const;
  const parts = shown.flatMap(({ sign, label }, n) => {
    const [x, y] = place(n);
    const dashes = sign.dash.length ? ` stroke-dasharray="${sign.dash.join(" ")}"` : "";
    const name = label.length > 24 ? `${label.slice(0, 23)}…` : label;
    return [
      `<path d="M${x} ${y}h22" stroke="${sign.colour}" stroke-width="1.5"${dashes}/>`,
      filled(shape(sign.shape, x + 11, y, 3.6), sign.colour, theme.background),
      `<text x="${x + 28}" y="${y + 4}" fill="${theme.ink}">${escaped(name)}</text>`,
    ];
  });
  if (lines.length > MOST) {
    const [x, y] = place(shown.length);
    parts.push(`<text x="${x}" y="${y + 4}" fill="${theme.dim}">… ${lines.length - MOST} more</text>`);
  }
  return { parts, height: rows * LEGEND_ROW + 6 };
}
