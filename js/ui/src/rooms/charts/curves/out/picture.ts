// The picture of a card, as it is seen now.
import type { CardChart } from "../cardChart";
import type { CardInput } from "../cardScene";
import { svgOf } from "./svg";

const WIDTH = 760;
const HEIGHT = 400;

export function pictureOf(metric: string, chart: CardChart, { options }: CardInput) {
  const { scene } = chart;
  if (!scene) throw new Error("The chart has nothing to show yet.");
  const words = { step: "step", relative: "time since start", time: "time", metric: options.xKey ?? "" };
  const smoothed = options.smoothing ? `, smoothed ${options.smoothing}` : "";
  return svgOf({
    ...scene,
    title: `${metric}${smoothed}`,
    xTitle: words[options.x],
    theme: chart.colours,
    width: WIDTH,
    height: HEIGHT,
  });
}
