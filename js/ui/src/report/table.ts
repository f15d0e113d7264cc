// The report's table, made to be used: sorted by a click on a heading, searched, runs ticked for the charts.
import { type ChosenStore, EVERYTHING, isShown } from "./chosen";

const placeOf = (row: HTMLElement) => Number(row.dataset.run);

export function enliven(table: HTMLTableElement, chosen: ChosenStore, onHover: (at: number | null) => void): void {
  const rows = [...table.querySelectorAll<HTMLTableRowElement>("tbody tr")];
  sortable(table, rows);
  ticks(rows, chosen);
  bar(table, rows, chosen);
  for (const row of rows) {
    row.addEventListener("pointerenter", () => onHover(placeOf(row)));
    row.addEventListener("pointerleave", () => onHover(null));
  }
  chosen.subscribe((now) => {
    for (const row of rows) {
      const at = placeOf(row);
      row.hidden = now.found !== null && !now.found.has(at);
      row.classList.toggle("nbr-aside", !isShown(now, at));
      const tick = row.querySelector<HTMLInputElement>("input");
      if (tick) tick.checked = !now.off.has(at);
    }
  });
}

// -- order

function sortable(table: HTMLTableElement, rows: HTMLTableRowElement[]): void {
  const heads = [...table.querySelectorAll<HTMLTableCellElement>("thead th")];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "ascending";
      for (const other of heads) other.ariaSort = null;
      head.ariaSort = down ? "descending" : "ascending";
      const body = table.tBodies[0];
      body?.append(...[...rows].sort((a, b) => compared(a.cells[column], b.cells[column], down)));
    });
  });
}

/** Numbers, then texts, then what is not there, whichever way it is sorted. */
export function compared(a: HTMLElement | undefined, b: HTMLElement | undefined, down: boolean): number {
  const [left, right] = [keyOf(a), keyOf(b)];
  if (left.rank !== right.rank) return left.rank - right.rank;
  const order = left.rank === 0 ? left.number - right.number : left.text.localeCompare(right.text);
  return down ? -order : order;
}

function keyOf(cell: HTMLElement | undefined): { rank: number; number: number; text: string } {
  const number = Number(cell?.dataset.v);
  if (cell?.dataset.v !== undefined && !Number.isNaN(number)) return { rank: 0, number, text: "" };
  const text = cell?.dataset.t;
  return { rank: text === undefined ? 2 : 1, number: 0, text: text ?? "" };
}

// -- which are in the charts

function ticks(rows: HTMLTableRowElement[], chosen: ChosenStore): void {
  for (const row of rows) {
    const cell = row.cells[0];
    if (!cell) continue;
    const tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = true;
    tick.setAttribute("aria-label", `Show run ${cell.textContent} in the charts`);
    tick.addEventListener("change", () => {
      const off = new Set(chosen.getState().off);
      if (tick.checked) off.delete(placeOf(row));
      else off.add(placeOf(row));
      chosen.setState({ off });
    });
    const label = document.createElement("label");
    label.append(tick, ...cell.childNodes);
    cell.append(label);
  }
}

function bar(table: HTMLTableElement, rows: HTMLTableRowElement[], chosen: ChosenStore): void {
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Find runs";
  search.setAttribute("aria-label", "Find runs by any text of their row");
  const texts = rows.map((row) => row.textContent?.toLowerCase() ?? "");
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const hits = rows.filter((_, at) => words.every((word) => texts[at]?.includes(word)));
    chosen.setState({ found: words.length ? new Set(hits.map(placeOf)) : null });
  });
  const count = document.createElement("output");
  const all = document.createElement("button");
  all.type = "button";
  all.textContent = "Show all";
  all.addEventListener("click", () => {
    search.value = "";
    chosen.setState(EVERYTHING);
  });
  const none = document.createElement("button");
  none.type = "button";
  none.textContent = "Untick all";
  none.addEventListener("click", () => chosen.setState({ off: new Set(rows.map(placeOf)) }));
  const say = () => {
    const now = chosen.getState();
    const shown = rows.filter((row) => isShown(now, placeOf(row))).length;
    count.textContent =
      shown === rows.length ? `all ${shown} runs in the charts` : `${shown} of ${rows.length} runs in the charts`;
    all.disabled = shown === rows.length;
  };
  chosen.subscribe(say);
  say();
  const bar = document.createElement("div");
  bar.className = "nbr-bar";
  bar.append(search, count, all, none);
  table.parentElement?.before(bar);
}
