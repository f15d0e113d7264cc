// The item of the status bar.
import { STATUS } from "@nbtrack/ui/src/parts/Marks";
import { useEffect, useState } from "react";
import type { News } from "./feed";
import { said, summary } from "./summary";

const AGAIN = 30_000; // milliseconds: "3 min ago" grows old

const present = () => Date.now() / 1000;

interface Props {
  news: News | null;
  /** When the news came: Unix seconds. */
  seen: number;
  onOpen: () => void;
}

export function StatusItem({ news, seen, onOpen }: Props) {
  const [, look] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && look(present), AGAIN);
    return () => clearInterval(timer);
  }, []);
  const shown = news && summary(news.page, seen, present());
  const now = () => look(present()); // the time in the tooltip is that of the moment it is looked at
  return (
    <>
      {shown && (
        <button
          type="button"
          className="nbt-ground nbt-statusbar"
          title={shown.tooltip}
          onClick={onOpen}
          onFocus={now}
          onPointerEnter={now}
        >
          <span className={`nbt-status nbt-status-${shown.status}`}>
            <span className="nbt-status-sign" aria-hidden="true">
              {STATUS[shown.status] ?? "·"}
            </span>
            {shown.parts.word && <span className="nbt-statusbar-word">{shown.parts.word}</span>}
          </span>
          {shown.parts.name !== null && <bdi className="nbt-statusbar-name">{shown.parts.name}</bdi>}
          {shown.parts.rest.map((text, at) => (
            <span key={at} className="nbt-statusbar-more">
              <span aria-hidden="true"> · </span>
              <bdi>{text}</bdi>
            </span>
          ))}
        </button>
      )}
      <span className="nbt-ground nbt-sr" role="status">
        {news && said(news.ended)}
      </span>
    </>
  );
}
