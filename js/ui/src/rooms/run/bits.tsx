// Small things that several parts of the room are made of.
import { type ReactNode, useState } from "react";
import { plural } from "../../lib/format";
import type { Line } from "./highlight";

let count = 0;

/** An id that no other panel of the page has: React's own start again in each. */
export function useUid(): string {
  const [id] = useState(() => `nbt-run-${++count}`);
  return id;
}

/** A heading with its section. */
export function Section({ title, aside, children }: { title: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="nbt-run-section">
      <div className="nbt-run-section-head">
        <h3>{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Names and what they are; those without a text are left out. */
export function Pairs({ items }: { items: readonly (readonly [name: string, text: ReactNode])[] }) {
  return (
    <dl className="nbt-pairs">
      {items.map(
        ([name, text]) =>
          text && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A text of any length: its beginning, and the rest when asked. */
export function Long({ text, most = 300 }: { text: string; most?: number }) {
  const [whole, setWhole] = useState(false);
  if (text.length <= most * 1.2) return <>{text}</>;
  return (
    <>
      {whole ? text : `${text.slice(0, most)}…`}{" "}
      <button type="button" className="nbt-link-button" onClick={() => setWhole(!whole)}>
        {whole ? "show less" : `show all ${text.length.toLocaleString("en-US")} characters`}
      </button>
    </>
  );
}

/** The first of many: how many are shown, and the button that shows more. */
export function useMost(step: number): [most: number, more: (total: number, word: string) => ReactNode] {
  const [most, setMost] = useState(step);
  const more = (total: number, word: string) =>
    total > most && (
      <div className="nbt-more">
        <button type="button" className="nbt-link-button" onClick={() => setMost(most + 4 * step)}>
          Show more
        </button>{" "}
        <span className="nbt-dim">
          {most.toLocaleString("en-US")} of {plural(total, word)} shown
        </span>
      </div>
    );
  return [most, more];
}

/** A line of code in its colours. An empty one keeps its height. */
export function Coloured({ line }: { line: Line }) {
  return (
    <>
      {line.map((piece, at) => {
        const look = [piece.look && `nbt-c-${piece.look}`, piece.mark && "nbt-c-mark"].filter(Boolean).join(" ");
        return look ? (
          <span key={at} className={look}>
            {piece.text}
          </span>
        ) : (
          piece.text
        );
      })}
      {"\n"}
    </>
  );
}

/** A search field. */
export function Search({ label, value, onType }: { label: string; value: string; onType: (text: string) => void }) {
  return (
    <input
      type="search"
      className="nbt-input nbt-run-search"
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={(event) => onType(event.currentTarget.value)}
      onKeyDown={(event) => {
        // Escape empties the field first, then it leaves the run.
        if (event.key !== "Escape" || !value) return;
        event.stopPropagation();
        event.preventDefault();
        onType("");
      }}
    />
  );
}
