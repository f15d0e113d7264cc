// The cells behind a run, each below those that it takes something from. It is a list of buttons, in the order they ran,
// that says in words what the lines say; only where they stand, and the lines, are drawn.
import { type CSSProperties, type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Lineage, LineageCell, LineageEdge } from "../../contract";
import { oneLine } from "../../lib/format";
import { Icon } from "../../parts/Icon";
import { Coloured } from "../run/bits";
import { pythonLines } from "../run/highlight";
import { layOut, type Placed } from "./layout";
import { firstLines, markOf, nameOf, SIGNS, toneOf } from "./words";

const SIZES = { width: 224, height: 92, gapX: 26, gapY: 44 };
const NARROW = { ...SIZES, width: 176, gapX: 18 }; // where many stand side by side
const MANY = 5;
const MOST_DRAWN = 150; // cells: more are a list
const CODE_LINES = 2;
const MOST_NAMES = 2; // on a line

interface Props {
  lineage: Lineage;
  /** The number of the cell that is looked at. */
  chosen: number | null;
  onChoose: (number: number | null) => void;
  list: boolean;
}

export const drawable = (lineage: Lineage): boolean => lineage.cells.length <= MOST_DRAWN;

export function Graph({ lineage, chosen, onChoose, list }: Props) {
  const { cells, edges } = lineage;
  const [hovered, setHovered] = useState<number | null>(null);
  const [focused, setFocused] = useState<number | null>(null);
  const [stop, setStop] = useState<number | null>(null);
  const box = useRef<HTMLOListElement>(null);
  const drawn = !list && drawable(lineage);
  const placed = useMemo(() => (drawn ? placedFor(cells, edges) : null), [drawn, cells, edges]);
  const active = hovered ?? focused ?? chosen;
  const kin = useMemo(() => (active === null ? null : kinOf(active, edges)), [active, edges]);
  const own = cells.at(-1)?.number;
  const at = cells.some(({ number }) => number === stop) ? stop : (own ?? null);
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const next = nextOf(event.key, at, cells, placed);
    if (next === undefined) return;
    event.preventDefault();
    box.current?.querySelector<HTMLElement>(`[data-cell="${next}"]`)?.focus();
  };
  const { scroll, zoom } = useRoomFor(placed);
  return (
    <div ref={scroll} className={`nbt-lin-scroll${placed ? " nbt-lin-drawn" : ""}`}>
      <div
        style={{ ...pixels(placed && { w: placed.width, h: placed.height }), ...(zoom < 1 ? { zoom } : {}) }}
        className="nbt-lin-box"
      >
        {placed && <Lines placed={placed} active={active} kin={kin} />}
        <ol ref={box} className="nbt-lin-cells" aria-label="The cells this run comes from, in the order they ran">
          {cells.map((cell) => {
            const { number } = cell;
            const corner = placed?.cells.get(number);
            return (
              <li key={number} style={pixels(corner && { x: corner.x, y: corner.y, cw: placed?.wide ?? 0 })}>
                <Card
                  cell={cell}
                  takes={edges.filter(({ target }) => target === number)}
                  cells={cells}
                  own={number === own}
                  chosen={number === chosen}
                  off={kin !== null && !kin.has(number)}
                  stop={number === at}
                  onChoose={() => onChoose(number === chosen ? null : number)}
                  onHover={(on) => setHovered(on ? number : null)}
                  onFocus={(on) => {
                    setFocused(on ? number : null);
                    if (on) setStop(number);
                  }}
                  onKey={move}
                />
              </li>
            );
          })}
        </ol>
      </div>
    </div>
  );
}

const SMALLEST = 0.8; // of a card's size: below, its text could not be read

/** Draws a little smaller where that makes all of it fit; where it does not, begins with the cell that is to be seen. */
function useRoomFor(placed: Drawing | null) {
  const scroll = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  useEffect(() => {
    const box = scroll.current;
    if (!box || typeof ResizeObserver === "undefined") return;
    const watch = new ResizeObserver(() => setRoom(box.clientWidth));
    watch.observe(box);
    return () => watch.disconnect();
  }, []);
  const zoom = placed && room ? Math.min(1, Math.max(SMALLEST, room / placed.width)) : 1;
  const first = placed ? [...placed.cells.values()].find(({ layer }) => layer === 0) : undefined;
  useEffect(() => {
    const box = scroll.current;
    if (!box || !first || !placed || box.scrollLeft !== 0) return;
    box.scrollLeft = (first.x + placed.wide / 2) * zoom - box.clientWidth / 2;
  }, [first, placed, zoom]);
  return { scroll, zoom };
}

/** Lengths as properties that the style sheet has its own names for. */
function pixels(lengths: Record<string, number> | null | undefined): CSSProperties | undefined {
  if (!lengths) return undefined;
  return Object.fromEntries(Object.entries(lengths).map(([name, length]) => [`--${name}`, `${length}px`]));
}

type Drawing = Placed<LineageEdge> & { wide: number };

function placedFor(cells: readonly LineageCell[], edges: readonly LineageEdge[]): Drawing {
  const numbers = cells.map(({ number }) => number);
  const placed = layOut(numbers, edges, SIZES);
  const beside = new Map<number, number>();
  for (const { layer } of placed.cells.values()) beside.set(layer, (beside.get(layer) ?? 0) + 1);
  if (Math.max(0, ...beside.values()) < MANY) return { ...placed, wide: SIZES.width };
  return { ...layOut(numbers, edges, NARROW), wide: NARROW.width };
}

/** A cell, all that it needs, and all that needs it. */
function kinOf(number: number, edges: readonly LineageEdge[]): Set<number> {
  const found = new Set([number]);
  const follow = (from: "source" | "target", to: "source" | "target") => {
    const seen = new Set([number]);
    const waiting = [number];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      for (const edge of edges) {
        if (edge[from] !== one || seen.has(edge[to])) continue;
        seen.add(edge[to]);
        found.add(edge[to]);
        waiting.push(edge[to]);
      }
    }
  };
  follow("target", "source");
  follow("source", "target");
  return found;
}

const ARROWS: Record<string, readonly [dx: number, dy: number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/** Where an arrow leads: to the nearest cell that way; in a list, one up or down. */
function nextOf(key: string, at: number | null, cells: readonly LineageCell[], placed: Drawing | null) {
  const place = cells.findIndex(({ number }) => number === at);
  if (key === "Home") return cells[0]?.number;
  if (key === "End") return cells.at(-1)?.number;
  const [dx, dy] = ARROWS[key] ?? [0, 0];
  if (!dx && !dy) return undefined;
  const from = at === null ? undefined : placed?.cells.get(at);
  if (!placed || !from) return cells[place + (dx || dy)]?.number;
  let best: { number: number; far: number } | undefined;
  for (const [number, one] of placed.cells) {
    const [across, down] = [one.x - from.x, one.layer - from.layer];
    if (dx ? down !== 0 || across * dx <= 0 : down * dy <= 0) continue;
    const far = dx ? Math.abs(across) : Math.abs(down) * 10_000 + Math.abs(across);
    if (!best || far < best.far) best = { number, far };
  }
  return best?.number;
}

function Lines({ placed, active, kin }: { placed: Drawing; active: number | null; kin: Set<number> | null }) {
  const lit = ({ link: { source, target } }: Drawing["lines"][number]) => !!kin?.has(source) && kin.has(target);
  const touching = placed.lines.filter(({ link }) => link.source === active || link.target === active);
  const ordered = [...placed.lines].sort((a, b) => Number(lit(a)) - Number(lit(b)));
  return (
    <svg className="nbt-lin-lines" width={placed.width} height={placed.height} aria-hidden="true">
      {ordered.map((line) => (
        <g
          key={`${line.link.source} ${line.link.target}`}
          className={kin === null ? "" : lit(line) ? "nbt-lin-lit" : "nbt-lin-off"}
        >
          <path d={line.path} />
          <path className="nbt-lin-tip" d={`M${line.tip.x - 3.5} ${line.tip.y - 6}h7L${line.tip.x} ${line.tip.y}z`} />
        </g>
      ))}
      {touching.map(({ link, early, late }) => {
        const { x, y } = link.source === active ? late : early;
        return (
          <text key={`${link.source} ${link.target}`} x={x} y={y + 4} textAnchor="middle">
            {onLine(link.names)}
          </text>
        );
      })}
    </svg>
  );
}

function onLine(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).map((name) => oneLine(name, 18));
  return shown.join(", ") + (more > 0 ? ` +${more}` : "");
}

interface CardProps {
  cell: LineageCell;
  takes: readonly LineageEdge[];
  cells: readonly LineageCell[];
  own: boolean;
  chosen: boolean;
  off: boolean;
  stop: boolean;
  onChoose: () => void;
  onHover: (on: boolean) => void;
  onFocus: (on: boolean) => void;
  onKey: (event: KeyboardEvent<HTMLElement>) => void;
}

function Card({ cell, takes, cells, own, chosen, off, stop, onChoose, onHover, onFocus, onKey }: CardProps) {
  const { number, source, hidden, gives, data, status, position, run } = cell;
  const text = useMemo(() => firstLines(source, CODE_LINES).join("\n"), [source]);
  const lines = useMemo(() => pythonLines(text), [text]);
  const from = (edge: LineageEdge) => {
    const one = cells.find((other) => other.number === edge.source);
    return `${edge.names.map((name) => oneLine(name, 30)).join(", ")} from ${one ? nameOf(one) : "an earlier cell"}`;
  };
  const taken = takes.map(from).join("; ");
  const tone = toneOf(hidden, []);
  const held = Object.entries(gives);
  const classes = ["nbt-lin-card", own && "nbt-lin-own", off && "nbt-lin-off", `nbt-lin-${tone}`];
  return (
    <button
      type="button"
      className={classes.filter(Boolean).join(" ")}
      data-cell={number}
      aria-pressed={chosen}
      tabIndex={stop ? 0 : -1}
      onClick={onChoose}
      onKeyDown={onKey}
      onMouseEnter={() => onHover(true)}
      onMouseLeave={() => onHover(false)}
      onFocus={() => onFocus(true)}
      onBlur={() => onFocus(false)}
    >
      <span className="nbt-lin-head">
        <b>{nameOf(cell)}</b>
        {position !== null && (
          <>
            <Comma />
            <span className="nbt-dim">cell {position}</span>
          </>
        )}
        <Comma />
        {own && <span className="nbt-chip">this run</span>}
        {!own && run && (
          <>
            <Icon name="chart" />
            <span className="nbt-sr">a tracked run, </span>
          </>
        )}
        {data.length > 0 && <Icon name="file" />}
        {status !== null && status !== "ok" && <span className="nbt-lin-failed">✗ {oneLine(status, 12)}</span>}
        {hidden.length > 0 && (
          <span className={`nbt-lin-badge nbt-lin-${tone}`}>
            <span aria-hidden="true">{SIGNS[tone]} </span>
            {hidden.length === 1 && hidden[0] ? markOf(hidden[0]) : hidden.length}
          </span>
        )}
      </span>
      <code className="nbt-lin-code">
        {text ? (
          lines.map((line, at) => <Coloured key={at} line={line} />)
        ) : (
          <i className="nbt-dim">no code recorded</i>
        )}
      </code>
      {taken && (
        <span className="nbt-lin-takes">
          <Comma />
          takes {taken}
        </span>
      )}
      <span className="nbt-lin-gives">
        {held.length > 0 && (
          <>
            <span aria-hidden="true">→</span>
            <span className="nbt-sr">, gives </span>
          </>
        )}
        {held.map(([name, what]) => (
          <span key={name}>
            <b>{oneLine(name, 40)}</b> {oneLine(what, 60)}
            <Comma />
          </span>
        ))}
      </span>
      <Unseen cell={cell} />
    </button>
  );
}

/** What a screen reader is told beyond what a card shows. */
function Unseen({ cell: { data, hidden } }: { cell: LineageCell }) {
  const said = [
    data.length > 0 && `reads ${data.map((one) => oneLine(one, 60)).join(", ")}`,
    ...hidden.map((one) => `${one.severity}: ${oneLine(one.text, 200)}`),
  ].filter(Boolean);
  return said.length > 0 && <span className="nbt-sr">. {said.join(". ")}</span>;
}

const Comma = () => <span className="nbt-sr">, </span>;
