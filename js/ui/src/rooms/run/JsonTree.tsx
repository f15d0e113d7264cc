// JSON that unfolds. Only what is open is in the page; long lists and texts are cut.
import { useState } from "react";
import type { Json } from "../../contract";
import { Icon } from "../../parts/Icon";
import { Long, useMost } from "./bits";

const MOST = 100; // entries of one object or list
const OPEN = 3; // levels that begin open, as long as they are short
const SHORT = 24;

export function JsonTree({ value }: { value: Json }) {
  return (
    <div className="nbt-json">
      <Entry value={value} depth={0} />
    </div>
  );
}

function Entry({ name, value, depth }: { name?: string; value: Json; depth: number }) {
  const label = name !== undefined && <span className="nbt-c-name">{name}: </span>;
  if (typeof value !== "object" || value === null) {
    return (
      <div className="nbt-json-line">
        {label}
        <Scalar value={value} />
      </div>
    );
  }
  return <Nested label={label} value={value} depth={depth} />;
}

function Nested({
  label,
  value,
  depth,
}: {
  label: React.ReactNode;
  value: Json[] | { [key: string]: Json };
  depth: number;
}) {
  const list = Array.isArray(value);
  const size = list ? value.length : Object.keys(value).length;
  const [open, setOpen] = useState(depth === 0 || (depth < OPEN && size <= SHORT));
  const [most, more] = useMost(MOST);
  const words = list ? `[${size}]` : `{${size}}`;
  if (!size) {
    return (
      <div className="nbt-json-line">
        {label}
        {list ? "[]" : "{}"}
      </div>
    );
  }
  return (
    <div>
      <button type="button" className="nbt-fold nbt-json-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name={open ? "down" : "right"} />
        {label}
        <span className="nbt-dim">{words}</span>
      </button>
      {open && (
        <div className="nbt-json-inside">
          {list
            ? value.slice(0, most).map((one, at) => <Entry key={at} name={String(at)} value={one} depth={depth + 1} />)
            : Object.entries(value)
                .slice(0, most)
                .map(([key, one]) => <Entry key={key} name={key} value={one} depth={depth + 1} />)}
          {more(size, "entry")}
        </div>
      )}
    </div>
  );
}

function Scalar({ value }: { value: null | boolean | number | string }) {
  if (typeof value === "string") {
    return (
      <span className="nbt-c-string">
        <Long text={JSON.stringify(value)} />
      </span>
    );
  }
  return <span className={typeof value === "number" ? "nbt-c-number" : "nbt-c-keyword"}>{String(value)}</span>;
}
