// plotly.js publishes no types of its parts; what the panel uses of them is declared here.
declare module "plotly.js/lib/*" {
  const part: unknown;
  export default part;
}
declare module "plotly.js/lib/core" {
  interface Plotly {
    register(parts: unknown[]): void;
    newPlot(root: HTMLElement, data: object[], layout: object, config?: object): Promise<HTMLElement>;
    react(root: HTMLElement, data: object[], layout: object, config?: object): Promise<HTMLElement>;
    purge(root: HTMLElement): void;
    toImage(root: HTMLElement, options: object): Promise<string>;
    Plots: { resize(root: HTMLElement): void };
  }
  const plotly: Plotly;
  export default plotly;
  export type { Plotly };
}
