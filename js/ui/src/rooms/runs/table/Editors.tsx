// Fields that stand in a cell while its text or its tags are changed.
import { useLayoutEffect, useRef, useState } from "react";

interface TextProps {
  label: string;
  text: string;
  placeholder?: string;
  onSave: (text: string) => void;
  onEnd: () => void;
}

/** Enter or a click elsewhere saves, Escape does not. */
export function TextField({ label, text, placeholder, onSave, onEnd }: TextProps) {
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useLayoutEffect(() => {
    show(field.current);
    field.current?.select();
  }, []);
  const end = (save: boolean) => {
    if (done.current) return;
    done.current = true;
    const now = field.current?.value.trim() ?? "";
    if (save && now !== text) onSave(now);
    onEnd();
  };
  return (
    <input
      ref={field}
      className="nbt-cell-input"
      aria-label={label}
      placeholder={placeholder}
      defaultValue={text}
      spellCheck={false}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") end(true);
        if (event.key === "Escape") end(false);
      }}
    />
  );
}

function show(field: HTMLInputElement | null): void {
  field?.focus({ preventScroll: true });
  field?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
}

/** "stage: final", "stage=final" or "stage": a tag's name and its text. */
export function readTag(text: string): [name: string, text: string] | null {
  const [, name = "", rest = ""] = text.match(/^\s*([^=:]*?)\s*(?:[=:]\s*(.*?))?\s*$/s) ?? [];
  return name ? [name, rest] : null;
}

interface TagProps {
  tags: Record<string, string>;
  known: readonly string[];
  onSet: (name: string, text: string | null) => void;
  onEnd: () => void;
}

/** The tags of a run as chips that can be taken off, and a field for another one; it stays open for more. */
export function TagField({ tags, known, onSet, onEnd }: TagProps) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  useLayoutEffect(() => show(field.current), []);
  const add = () => {
    const read = readTag(text);
    if (read) onSet(...read);
    setText("");
    return read !== null;
  };
  const words = known.filter((name) => !(name in tags) && name.startsWith(text) && name !== text).slice(0, 8);
  const names = Object.keys(tags);
  return (
    <>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          className="nbt-chip nbt-chip-edited"
          title={`Take off ${name}`}
          onMouseDown={(event) => {
            // The field keeps the focus.
            event.preventDefault();
            event.stopPropagation();
          }}
          onClick={() => onSet(name, null)}
        >
          {tags[name] ? `${name}: ${tags[name]}` : name} ×
        </button>
      ))}
      <input
        ref={field}
        className="nbt-cell-input"
        aria-label="Add a tag"
        placeholder="name or name=text"
        value={text}
        list="nbt-tag-words"
        spellCheck={false}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => {
          add();
          onEnd();
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter" && !add()) onEnd();
          if (event.key === "Escape") {
            setText("");
            if (field.current) field.current.value = "";
            onEnd();
          }
          if (event.key === "Backspace" && !text && names.length) onSet(names.at(-1) ?? "", null);
        }}
      />
      <datalist id="nbt-tag-words">
        {words.map((word) => (
          <option key={word} value={word} />
        ))}
      </datalist>
    </>
  );
}
