// What hangs under the filter: completions, and a mistake with the place pointed at.
import { useEffect, useRef } from "react";
import type { AskError } from "../../../api/transport";
import { pointed } from "./completion";

interface Props {
  id: string;
  words: readonly string[];
  active: number;
  text: string;
  mistake: AskError | null;
  onChoose: (word: string) => void;
}

export function FilterHelp({ id, words, active, text, mistake, onChoose }: Props) {
  return (
    <div className="nbt-filter-help" hidden={!words.length && !mistake}>
      <div id={`${id}-list`} role="listbox" aria-label="Completions" className="nbt-words" hidden={!words.length}>
        {words.map((word, at) => (
          <Word key={word} id={`${id}-${at}`} word={word} active={at === active} onChoose={onChoose} />
        ))}
      </div>
      {words.length > 0 && (
        <div className="nbt-words-foot" aria-hidden="true">
          <kbd className="nbt-key">↑↓</kbd> choose <kbd className="nbt-key">Tab</kbd> take
        </div>
      )}
      {mistake && <Mistake id={`${id}-mistake`} text={text} mistake={mistake} />}
    </div>
  );
}

interface WordProps {
  id: string;
  word: string;
  active: boolean;
  onChoose: (word: string) => void;
}

function Word({ id, word, active, onChoose }: WordProps) {
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) own.current?.scrollIntoView?.({ block: "nearest" });
  }, [active]);
  const dot = /^(params|metrics|tags)\./.exec(word)?.[0] ?? "";
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the keyboard stays in the box, which names the active option
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    <div
      ref={own}
      id={id}
      role="option"
      aria-selected={active}
      className="nbt-word"
      title={word.length > 40 ? word : undefined}
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => onChoose(word)}
    >
      {dot && <span className="nbt-dim">{dot}</span>}
      {word.slice(dot.length)}
    </div>
  );
}

function Mistake({ id, text, mistake }: { id: string; text: string; mistake: AskError }) {
  const { message, excerpt } = pointed(mistake.message, text, mistake.column);
  return (
    <div id={id} className="nbt-mistake" role="alert">
      <div>{message}</div>
      {excerpt && (
        <code className="nbt-mistake-text" aria-hidden="true">
          {excerpt[0]}
          <mark>{excerpt[1] || " "}</mark>
          {excerpt[2]}
        </code>
      )}
      {mistake.hint && <div className="nbt-dim">{mistake.hint}</div>}
    </div>
  );
}
