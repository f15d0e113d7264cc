// Brushes on the axes of the drawn parallel coordinates: a drag along an axis keeps the runs that cross it there.
import { type ChosenStore, isShown } from "./chosen";

const SVG = "http://www.w3.org/2000/svg";
const REACH = 16; // units of the drawing on either side of an axis
const LEAST = 4; // a shorter drag takes the brush off

export function brushable(svg: SVGSVGElement, chosen: ChosenStore, onHover: (at: number | null) => void): void {
  const lines = [...svg.querySelectorAll<SVGPathElement>(".nbr-lines path")];
  const crossed = lines.map((line) => (line.dataset.at ?? "").split(" ").map(Number));
  const placeOf = (line: SVGPathElement) => Number(line.dataset.run);
  for (const axis of svg.querySelectorAll<SVGGElement>(".nbr-axis")) {
    new Axis(svg, axis, (at, range) => {
      const brushes = new Map(chosen.getState().brushes);
      if (range) brushes.set(at, range);
      else brushes.delete(at);
      const taken = lines.filter((_, place) =>
        [...brushes].every(([own, [low, high]]) => {
          const y = crossed[place]?.[own] ?? Number.NaN;
          return y >= low && y <= high;
        }),
      );
      chosen.setState({ brushes, brushed: brushes.size ? new Set(taken.map(placeOf)) : null });
    }).follow(chosen);
  }
  for (const line of lines) {
    line.addEventListener("pointerenter", () => onHover(placeOf(line)));
    line.addEventListener("pointerleave", () => onHover(null));
  }
  chosen.subscribe((now) => {
    for (const line of lines) line.classList.toggle("nbr-aside", !isShown(now, placeOf(line)));
  });
}

type Say = (at: number, range: readonly [number, number] | null) => void;

class Axis {
  readonly #svg: SVGSVGElement;
  readonly #at: number;
  readonly #ends: readonly [number, number];
  readonly #room: SVGRectElement;
  readonly #brush: SVGRectElement;
  readonly #say: Say;
  #from: number | null = null;

  constructor(svg: SVGSVGElement, group: SVGGElement, say: Say) {
    this.#svg = svg;
    this.#say = say;
    this.#at = Number(group.dataset.axis);
    this.#ends = [Number(group.dataset.top), Number(group.dataset.bottom)];
    const [top, bottom] = this.#ends;
    const x = Number(group.dataset.x);
    this.#brush = rect("nbr-brush", x - 7, top, 14, 0);
    this.#room = rect("nbr-room", x - REACH, top - 6, 2 * REACH, bottom - top + 12);
    const name = group.querySelector("title")?.textContent ?? "";
    this.#room.setAttribute("role", "slider");
    this.#room.setAttribute("tabindex", "0");
    this.#room.setAttribute("aria-label", `Range of ${name}: drag, or use the arrow keys; Escape shows all`);
    this.#room.setAttribute("aria-valuenow", "0");
    group.append(this.#brush, this.#room);
    this.#room.addEventListener("pointerdown", (event) => this.#begin(event));
    this.#room.addEventListener("pointermove", (event) => this.#move(event));
    this.#room.addEventListener("pointerup", () => this.#end());
    this.#room.addEventListener("pointercancel", () => this.#end());
    this.#room.addEventListener("dblclick", () => this.#set(null));
    this.#room.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Draw the brush as the store has it, which others may empty. */
  follow(chosen: ChosenStore): void {
    chosen.subscribe((now) => {
      const [low, high] = now.brushes.get(this.#at) ?? [0, 0];
      this.#brush.setAttribute("y", String(low));
      this.#brush.setAttribute("height", String(Math.max(0, high - low)));
    });
  }

  #y(event: PointerEvent): number {
    const matrix = this.#svg.getScreenCTM();
    const y = matrix ? new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()).y : 0;
    return Math.min(this.#ends[1], Math.max(this.#ends[0], y));
  }

  #begin(event: PointerEvent): void {
    if (event.button) return;
    event.preventDefault();
    this.#room.setPointerCapture(event.pointerId);
    this.#room.focus();
    this.#from = this.#y(event);
  }

  #move(event: PointerEvent): void {
    if (this.#from === null) return;
    const to = this.#y(event);
    if (Math.abs(to - this.#from) >= LEAST) this.#set([Math.min(to, this.#from), Math.max(to, this.#from)]);
    else this.#set(null);
  }

  #end(): void {
    this.#from = null;
  }

  #set(range: readonly [number, number] | null): void {
    this.#say(this.#at, range);
  }

  /** From the keyboard: arrows move a brush of a quarter of the axis. */
  #key(event: KeyboardEvent): void {
    const [top, bottom] = this.#ends;
    const step = (bottom - top) / 20;
    const y = Number(this.#brush.getAttribute("y"));
    const height = Number(this.#brush.getAttribute("height")) || (bottom - top) / 4;
    const by = { ArrowUp: -step, ArrowDown: step }[event.key];
    if (event.key === "Escape") this.#set(null);
    if (by === undefined) return;
    event.preventDefault();
    const from = Number(this.#brush.getAttribute("height")) ? y + by : top;
    const low = Math.min(bottom - height, Math.max(top, from));
    this.#set([low, low + height]);
  }
}

function rect(name: string, x: number, y: number, width: number, height: number): SVGRectElement {
  const made = document.createElementNS(SVG, "rect");
  made.setAttribute("class", name);
  for (const [attribute, value] of Object.entries({ x, y, width, height })) made.setAttribute(attribute, String(value));
  return made;
}
