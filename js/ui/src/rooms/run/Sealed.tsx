import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { guessedHeight, type Look, sealed } from "./sandbox";

interface Props {
  markup: string;
  title: string;
  /** Fills its place instead of guessing a height. */
  fill?: boolean;
}

/** HTML of a cell or a file, in a frame that may do nothing. Its colours are the panel's. */
export function Sealed({ markup, title, fill }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [look, setLook] = useState<Look | null>(null);
  useLayoutEffect(() => {
    if (!place.current) return;
    // What the browser worked out, not what the theme says: a frame knows none of the page's variables.
    const own = getComputedStyle(place.current);
    setLook({
      ink: own.color,
      paper: own.backgroundColor,
      line: own.borderTopColor,
      font: own.fontFamily.replace(/[<>&{}]/g, ""),
      size: own.fontSize,
      scheme: own.colorScheme || "normal",
    });
  }, []);
  const page = useMemo(() => (look ? sealed(markup, look) : ""), [markup, look]);
  return (
    <div className={`nbt-sealed${fill ? " nbt-fill" : ""}`} ref={place}>
      {page === null ? (
        <p className="nbt-dim">This HTML is too large to be shown here. Download it.</p>
      ) : (
        page && (
          <iframe
            sandbox=""
            referrerPolicy="no-referrer"
            title={title}
            srcDoc={page}
            style={fill ? undefined : { height: guessedHeight(markup) }}
          />
        )
      )}
    </div>
  );
}
