// Drawing in small pieces: what has to be drawn waits its turn, and no frame draws for longer than it has.

const BUDGET = 4; // milliseconds of a frame: what is painted costs as much again after it

const waiting = new Set<() => void>();
let asked = 0;

/** Call back in one of the next frames; once, however often it was asked for meanwhile. */
export function later(draw: () => void): void {
  waiting.add(draw);
  if (!asked) asked = requestAnimationFrame(turn);
}

export function never(draw: () => void): void {
  waiting.delete(draw);
}

function turn(): void {
  asked = 0;
  const end = performance.now() + BUDGET;
  for (const draw of waiting) {
    waiting.delete(draw);
    draw();
    if (performance.now() > end) break;
  }
  if (waiting.size && !asked) asked = requestAnimationFrame(turn);
}
