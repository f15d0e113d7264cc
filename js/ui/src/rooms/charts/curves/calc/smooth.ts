// The exponential moving average without the bias of its start, the same as nbtrack/charts/series.py `smooth`.

/** What it takes to go on smoothing where it was left: s_n and weight ** n. */
export interface Average {
  state: number;
  remains: number;
}

export const begin = (): Average => ({ state: 0, remains: 1 });

/** Smooth `from[start … end)` into `to`, going on from `average`. What is not finite stays and does not count. */
export function smooth(
  from: Float64Array,
  to: Float64Array,
  start: number,
  end: number,
  weight: number,
  average: Average,
): void {
  let { state, remains } = average;
  for (let i = start; i < end; i++) {
    const value = from[i] as number;
    if (Number.isFinite(value)) {
      state = weight * state + (1 - weight) * value;
      remains *= weight;
      to[i] = state / (1 - remains);
    } else to[i] = value;
  }
  average.state = state;
  average.remains = remains;
}
