// Tags as chips. A click on one edits it, its cross takes it off, "+ tag" adds one: name=value.
import { useRef, useState } from "react";
import { oneLine } from "../../lib/format";
import { Icon } from "../../parts/Icon";

interface Props {
  tags: Record<string, string>;
  save: (change: Record<string, string | null>) => Promise<unknown>;
}

/** What was typed as a change of tags; null where there is no name. A tag that was renamed loses its old name. */
export function tagChange(typed: string, old: string | null): Record<string, string | null> | null {
  const at = typed.indexOf("=");
  const name = (at < 0 ? typed : typed.slice(0, at)).trim();
  if (!name) return null;
  const value = at < 0 ? "true" : typed.slice(at + 1).trim();
  return { ...(old !== null && old !== name ? { [old]: null } : {}), [name]: value };
}

export function Tags({ tags, save }: Props) {
  // The tag that is edited, "" for a new one.
  const [edited, setEdited] = useState<string | null>(null);
  const [typed, setTyped] = useState("");
  const done = useRef(false);
  const begin = (name: string) => {
    done.current = false;
    setTyped(name ? `${name}=${tags[name] ?? ""}` : "");
    setEdited(name);
  };
  const end = (keep: boolean) => {
    if (done.current) return;
    done.current = true;
    setEdited(null);
    const change = keep && edited !== null ? tagChange(typed, edited || null) : null;
    if (change) void save(change);
  };
  const field = (
    <input
      className="nbt-input nbt-tag-field"
      aria-label={edited ? `Tag ${edited}` : "New tag"}
      placeholder="name=value"
      value={typed}
      ref={(element) => element !== document.activeElement && element?.focus({ preventScroll: true })}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => end(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") end(true);
        if (event.key === "Escape") end(false);
      }}
    />
  );
  return (
    <span className="nbt-tags">
      {Object.entries(tags).map(([name, value]) =>
        name === edited ? (
          <span key={name}>{field}</span>
        ) : (
          <span key={name} className="nbt-chip nbt-tag">
            <button type="button" className="nbt-bare" title="Edit the tag" onClick={() => begin(name)}>
              <span className="nbt-dim">{oneLine(name, 60)}</span> {value === "true" ? "" : oneLine(value, 60)}
            </button>
            <button
              type="button"
              className="nbt-bare"
              aria-label={`Take the tag ${oneLine(name, 60)} off`}
              onClick={() => void save({ [name]: null })}
            >
              <Icon name="close" />
            </button>
          </span>
        ),
      )}
      {edited === "" ? (
        field
      ) : (
        <button type="button" className="nbt-edit nbt-add" onClick={() => begin("")}>
          + tag
        </button>
      )}
    </span>
  );
}
