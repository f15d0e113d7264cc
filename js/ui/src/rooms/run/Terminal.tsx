// Text as a terminal shows it, with its colours; long texts folded.
import { useMemo, useState } from "react";
import { plural } from "../../lib/format";
import { ansi } from "./ansi";

const LINES = 200;
const CHARACTERS = 20_000;

interface Props {
  text: string;
  /** Of a stream or traceback the end says most. */
  end?: boolean;
  className?: string;
}

/** What is shown of a long text at first: whole lines, of its beginning or its end. */
export function folded(text: string, end = false): string {
  const lines = text.split("\n");
  const some = (end ? lines.slice(-LINES) : lines.slice(0, LINES)).join("\n");
  if (some.length <= CHARACTERS) return some;
  return end ? some.slice(-CHARACTERS) : some.slice(0, CHARACTERS);
}

export function Terminal({ text, end, className = "" }: Props) {
  const [whole, setWhole] = useState(false);
  const clean = text.replace(/\n$/, "");
  const first = useMemo(() => folded(clean, end), [clean, end]);
  const shown = whole ? clean : first;
  const pieces = useMemo(() => ansi(shown), [shown]);
  const fold = first.length < clean.length && (
    <button type="button" className="nbt-link-button nbt-terminal-fold" onClick={() => setWhole(!whole)}>
      {whole
        ? "Show less"
        : `Show all ${plural(clean.split("\n").length, "line")}, ${clean.length.toLocaleString("en-US")} characters`}
    </button>
  );
  return (
    <>
      {end && fold}
      <pre className={`nbt-terminal ${className}`}>
        {pieces.map(({ text: part, look, color, background }, at) =>
          look || color || background ? (
            <span key={at} className={look} style={{ color, background }}>
              {part}
            </span>
          ) : (
            part
          ),
        )}
      </pre>
      {!end && fold}
    </>
  );
}
