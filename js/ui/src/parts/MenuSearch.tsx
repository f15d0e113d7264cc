import { Icon } from "./Icon";

interface Props {
  label: string;
  value: string;
  onSearch: (text: string) => void;
}

/** A box in a menu that narrows its items. */
export function MenuSearch({ label, value, onSearch }: Props) {
  return (
    <div className="nbt-filter-box nbt-menu-search">
      <Icon name="search" />
      <input
        className="nbt-filter-input"
        type="text"
        aria-label={label}
        placeholder={label}
        spellCheck={false}
        value={value}
        onInput={(event) => onSearch(event.currentTarget.value)}
      />
    </div>
  );
}
