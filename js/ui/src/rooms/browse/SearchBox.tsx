// The filter: words or an expression, asked for with each key. A mistake is said when the typing rests.
import { type KeyboardEvent, type RefObject, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { plural } from "../../lib/format";
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import { isBegun, take } from "../runs/toolbar/completion";
import { FilterHelp } from "../runs/toolbar/FilterHelp";
import { useCompletion } from "../runs/toolbar/useCompletion";
import { type Memory, useBrowse } from "./memory";

const SAID_AFTER = 500; // milliseconds without a key

interface Props {
  memory: Memory;
  input: RefObject<HTMLInputElement>;
  onLeave: () => void;
}

export function SearchBox({ memory, input, onLeave }: Props) {
  const { list, browse } = memory;
  const text = useBrowse(memory, (one) => one.text);
  const completion = useCompletion();
  const caret = useRef<number | null>(null);
  const [focused, setFocused] = useState(false);
  const rest = useRest(text);
  const id = useId();
  // A completion that was taken leaves the caret behind it, also in the middle of the text.
  useLayoutEffect(() => {
    if (caret.current === null) return;
    input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });

  const open = focused && completion.words.length > 0;
  const mistake = list.mistake && (rest.rested || !focused) && !(open && completion.begun) ? list.mistake : null;
  const type = (next: string, settled = false) => {
    // A field that was only begun, searched for as a word, would find nothing.
    const kept = !settled && isBegun(next);
    browse.getState().set({ text: next, ...(kept ? {} : { filter: next.trim() }) });
  };
  const typed = (next: string) => {
    type(next);
    if (next.trim()) completion.ask(next, input.current?.selectionStart ?? next.length);
    else completion.close();
  };
  const choose = (word: string) => {
    const next = take(text, input.current?.selectionStart ?? text.length, word);
    caret.current = next.caret;
    type(next.text);
    completion.ask(next.text, next.caret);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const { words, active, begun } = completion;
    const chosen = words[active] ?? (event.key === "Tab" && begun && !event.shiftKey ? words[0] : undefined);
    const arrow = event.key === "ArrowDown" || event.key === "ArrowUp";
    if (open && arrow) completion.move(event.key === "ArrowDown" ? 1 : -1);
    else if (open && chosen && (event.key === "Tab" || event.key === "Enter")) choose(chosen);
    else if (event.key === "ArrowDown") onLeave();
    else if (event.key === "Enter") {
      completion.close();
      type(text, true);
      rest.now();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open) completion.close();
      else if (text) type("");
      else onLeave();
    } else return;
    event.preventDefault();
  };
  return (
    <div className="nbt-filter">
      <div className={`nbt-filter-box${mistake ? " nbt-wrong" : ""}`}>
        <Icon name="search" />
        <input
          ref={input}
          className="nbt-filter-input"
          type="text"
          role="combobox"
          aria-label="Filter runs"
          aria-expanded={open}
          aria-controls={`${id}-list`}
          aria-activedescendant={open && completion.active >= 0 ? `${id}-${completion.active}` : undefined}
          aria-autocomplete="list"
          aria-invalid={mistake !== null}
          aria-describedby={mistake ? `${id}-mistake` : undefined}
          aria-keyshortcuts="/"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder="Filter runs"
          title="Words, or an expression such as params.lr < 0.01 and metrics.acc > 0.9"
          value={text}
          onInput={(event) => typed(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false);
            completion.close();
            type(text, true);
          }}
        />
        <Count matched={list.matched} total={list.total} />
        {text && (
          <Button
            icon="close"
            iconOnly
            label="Clear the filter"
            onClick={() => {
              type("");
              input.current?.focus();
            }}
          />
        )}
      </div>
      <FilterHelp
        id={id}
        words={open ? completion.words : []}
        active={completion.active}
        text={text}
        mistake={mistake}
        onChoose={choose}
      />
    </div>
  );
}

/** "6 of 18", said aloud when it changes. */
function Count({ matched, total }: { matched?: number; total?: number }) {
  const known = matched !== undefined && total !== undefined;
  const all = matched === total;
  const text = known && !all ? `${matched.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}` : "";
  return (
    <output className="nbt-matched" aria-live="polite">
      {text}
      {known && <span className="nbt-sr">{all ? plural(total, "run") : " runs match"}</span>}
    </output>
  );
}

/** Whether nothing was typed for a while. */
function useRest(text: string): { rested: boolean; now: () => void } {
  const [rested, setRested] = useState(true);
  const last = useRef(text);
  useEffect(() => {
    if (last.current === text) return;
    last.current = text;
    setRested(false);
    const timer = setTimeout(() => setRested(true), SAID_AFTER);
    return () => clearTimeout(timer);
  }, [text]);
  return { rested, now: () => setRested(true) };
}
