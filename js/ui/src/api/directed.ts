// Names of metrics say which of their values are the better ones, most of the time. Where the user's settings know better,
// every view hears what they say; a choice made in a table goes before both.
import type { Keys } from "../contract";
import type { Transport } from "./transport";

export type Directions = Readonly<Record<string, "min" | "max">>;

/** The same way, on which the metrics named have these directions. */
export function directed(way: Transport, directions: Directions): Transport {
  if (!Object.keys(directions).length) return way;
  const turned = ({ keys, ...rest }: Keys): Keys => ({
    ...rest,
    keys: keys.map((key) => {
      const better = key.kind === "metric" && Object.hasOwn(directions, key.name) ? directions[key.name] : undefined;
      return better ? { ...key, better } : key;
    }),
  });
  return {
    side: way.side,
    ask: async (op, request, options) => {
      const answer = await way.ask(op, request, options);
      return op === "runs.keys" ? (turned(answer as Keys) as typeof answer) : answer;
    },
    asset: (name, options) => way.asset(name, options),
    artifact: (run, path) => way.artifact?.(run, path) ?? null,
    onRevision: (listener) => way.onRevision(listener),
    onLink: (listener) => way.onLink(listener),
    close: () => way.close(),
  };
}
