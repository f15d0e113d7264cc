// Icons of tabs, files and the launcher, in the theme's colours.
import { LabIcon } from "@jupyterlab/ui-components";

const drawn = (name: string, path: string) =>
  new LabIcon({
    name: `nbtrack:${name}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16" fill="none">' +
      `<path class="jp-icon3" d="${path}" stroke="#616161" stroke-width="1.4" stroke-linecap="round" ` +
      'stroke-linejoin="round"/></svg>',
  });

/** Rows, and the curves below them. */
export const runsIcon = drawn("runs", "M2 3h12M2 6.5h12M2 13.5l3.5-3.5 3 2L14 8.5");
export const runIcon = drawn("run", "M2.5 2.5v11h11M5 10.5l2.5-4 2.5 2 3.5-5");
export const compareIcon = drawn("compare", "M8 2v12M5.5 4.5h-3v7h3M10.5 4.5h3v7h-3");
