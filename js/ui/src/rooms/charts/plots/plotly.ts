// plotly.js is loaded when the first plot is opened, once for a page: it is five times the panel.
import type { Plotly } from "plotly.js/lib/core";
import type { Transport } from "../../../api/transport";

const KEY = Symbol.for("nbtrack.plotly");
const shelf = globalThis as unknown as Record<symbol, Promise<Plotly> | undefined>;

export function loadPlotly(transport: Transport): Promise<Plotly> {
  shelf[KEY] ??= load(transport).catch((error: unknown) => {
    shelf[KEY] = undefined; // the next that is opened tries again
    throw error;
  });
  return shelf[KEY];
}

async function load(transport: Transport): Promise<Plotly> {
  const text = await transport.asset("plotly.js", { timeout: 120_000 });
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const module = (await import(/* @vite-ignore */ url)) as { default: Plotly };
    return module.default;
  } finally {
    URL.revokeObjectURL(url);
  }
}
