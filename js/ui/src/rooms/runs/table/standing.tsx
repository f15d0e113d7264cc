// For the tests: the table as it stands in a page, and what a hand does to it.
import { cleanup, fireEvent } from "@testing-library/preact";
import { afterEach, beforeEach, vi } from "vitest";
import type { Answers } from "../../../api/fake";
import type { View } from "../../../state/view";
import { pass, type Shown, show } from "../toolbar/fixture";
import { answers, cell, grid, line } from "./fixture";
import { RunsTable } from "./RunsTable";

/** Before each test of a file: a clock that stands, and room for the table. */
export function prepare(): void {
  beforeEach(() => {
    vi.useFakeTimers({ shouldAdvanceTime: false });
    // happy-dom lays nothing out: a table of 1,200 × 450 pixels.
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(1200);
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(450);
  });
  afterEach(() => {
    cleanup();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

export async function table(given: Answers = answers(), first: Partial<View> = {}): Promise<Shown> {
  const shown = show(<RunsTable />, given, first);
  await pass(50);
  await pass(400);
  return shown;
}

export const press = (key: string, held: KeyboardEventInit = {}) => fireEvent.keyDown(grid(), { key, ...held });
export const button = (name: string, act: string) => line(name).querySelector(`[data-act=${act}]`) as HTMLElement;
export const click = (name: string, held: MouseEventInit = {}) => fireEvent.click(cell(name, "status"), held);
