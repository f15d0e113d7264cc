// Params: what they are, and where each came from.
import type { Param } from "../../contract";
import { value } from "../../lib/format";
import { Long } from "./bits";

const SOURCES: Record<string, string> = {
  explicit: "logged by the code",
  call: "an argument of a call in the cell",
  cell: "assigned in the cell",
  notebook: "a variable of the notebook that the cell read",
  autolog: "told by the framework",
  default: "told by the framework; as by default",
};

/** Those that were logged first, then what was captured, then what nobody set; each as the server ordered it. */
export function explicitFirst(params: readonly Param[]): Param[] {
  return [...params].sort((a, b) => rank(a) - rank(b));
}

function rank({ source }: Param): number {
  return source === "explicit" ? 0 : source === "default" ? 2 : 1;
}

export function Source({ source }: { source: string }) {
  const explicit = source === "explicit";
  return (
    <span className={`nbt-source${explicit ? "" : " nbt-source-captured"}`} title={SOURCES[source] ?? source}>
      {explicit ? "explicit" : source === "default" ? "default" : "captured"}
    </span>
  );
}

/** The value as one would type it; long ones are cut, and what it was before stands after it. short: on one line. */
export function Value({ param: { value: given, earlier }, short }: { param: Param; short?: boolean }) {
  const text = typeof given === "string" && given.trim() ? given : value(given, Number.POSITIVE_INFINITY);
  return (
    <>
      {short ? (
        <span className="nbt-value" title={text.length > 40 ? text.slice(0, 500) : undefined}>
          {value(given, 200)}
        </span>
      ) : (
        <span className="nbt-value">
          <Long text={text} />
        </span>
      )}
      {earlier.length > 0 && (
        <span className="nbt-dim nbt-earlier" title="The values it had before">
          {" "}
          before:{" "}
          {earlier
            .slice(0, 20)
            .map((one) => value(one, 40))
            .join(", ")}
          {earlier.length > 20 && ` and ${earlier.length - 20} more`}
        </span>
      )}
    </>
  );
}
