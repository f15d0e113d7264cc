// The filter: words or an expression, completed while it is typed, applied when it can be read, with its count.
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import type { AskError } from "../../../api/transport";
import { plural } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { Icon } from "../../../parts/Icon";
import { useAsk } from "../../../state/query";
import { useSelection } from "../../../state/runs";
import { take } from "./completion";
import { FilterHelp } from "./FilterHelp";
import { useCompletion } from "./useCompletion";
import { useFilter } from "./useFilter";

export const PLACEHOLDER = "Filter: words, or params.lr < 0.01";

export function Filter() {
  const draft = useFilter();
  const completion = useCompletion();
  const selection = useSelection();
  const count = useAsk("runs.page", { ...selection, limit: 0, columns: [] }, { every: 500 });
  const input = useRef<HTMLInputElement>(null);
  const caret = useRef<number | null>(null);
  const [focused, setFocused] = useState(false);
  const id = useId();
  useFocusOnCall(input);

  // A completion that was taken leaves the caret behind it, also in the middle of the text.
  useLayoutEffect(() => {
    if (caret.current === null) return;
    input.current?.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  });

  const open = focused && completion.words.length > 0;
  // A word that a completion would finish is no mistake yet.
  const mistake: AskError | null =
    open && completion.begun ? null : (draft.mistake ?? (draft.pending ? null : (count.error ?? null)));
  const choose = (word: string) => {
    const next = take(draft.text, input.current?.selectionStart ?? draft.text.length, word);
    caret.current = next.caret;
    draft.type(next.text);
    completion.ask(next.text, next.caret);
  };
  const typed = (text: string) => {
    draft.type(text);
    if (text.trim()) completion.ask(text, input.current?.selectionStart ?? text.length);
    else completion.close();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const { words, active, begun } = completion;
    const chosen = words[active] ?? (event.key === "Tab" && begun && !event.shiftKey ? words[0] : undefined);
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) completion.move(event.key === "ArrowDown" ? 1 : -1);
      else completion.ask(draft.text, event.currentTarget.selectionStart ?? draft.text.length);
    } else if (open && chosen && (event.key === "Tab" || event.key === "Enter")) {
      event.preventDefault();
      choose(chosen);
    } else if (event.key === "Enter") {
      completion.close();
      draft.settle();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open) completion.close();
      else if (draft.text) draft.clear();
      else leave(event.currentTarget);
    }
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
          placeholder={PLACEHOLDER}
          value={draft.text}
          onInput={(event) => typed(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false);
            completion.close();
            draft.settle();
          }}
        />
        {!focused && !draft.text && <kbd className="nbt-key">/</kbd>}
        <Count matched={count.data?.matched} total={count.data?.total} waiting={draft.pending && !mistake} />
        {draft.text && (
          <Button
            icon="close"
            iconOnly
            label="Clear the filter"
            onClick={() => {
              draft.clear();
              input.current?.focus();
            }}
          />
        )}
      </div>
      <FilterHelp
        id={id}
        words={open ? completion.words : []}
        active={completion.active}
        text={draft.text}
        mistake={mistake}
        onChoose={choose}
      />
    </div>
  );
}

/** "6 of 18", said aloud when it changes. */
function Count({ matched, total, waiting }: { matched?: number; total?: number; waiting: boolean }) {
  const known = matched !== undefined && total !== undefined;
  const text = !known
    ? ""
    : matched === total
      ? plural(total, "run")
      : `${matched.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
  return (
    <output className={`nbt-matched${waiting ? " nbt-waiting" : ""}`} aria-live="polite">
      {text}
      {known && matched !== total && <span className="nbt-sr"> runs match</span>}
    </output>
  );
}

/** "/" in the table brings the keyboard here. */
function useFocusOnCall(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const panel = input.current?.closest(".nbt-panel");
    const focus = () => {
      input.current?.focus();
      input.current?.select();
    };
    panel?.addEventListener("nbt-focus-filter", focus);
    return () => panel?.removeEventListener("nbt-focus-filter", focus);
  }, [input]);
}

/** Back to the rows, where there are rows. */
function leave(input: HTMLInputElement): void {
  const grid = input.closest(".nbt-panel")?.querySelector<HTMLElement>("[role='grid'], [role='treegrid']");
  input.blur();
  grid?.focus();
}
