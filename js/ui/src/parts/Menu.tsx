import { type ReactNode, useCallback, useRef, useState } from "react";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import { Popover } from "./Popover";

interface ItemProps {
  label: ReactNode;
  icon?: IconName;
  /** A word or a number at the end of the line. */
  note?: string;
  /** The key that does the same. */
  keys?: string;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  onChoose: () => void;
}

export function MenuItem({ label, icon, note, keys, checked, danger, disabled, onChoose }: ItemProps) {
  const role = checked === undefined ? "menuitem" : "menuitemcheckbox";
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: only a menuitemcheckbox is given aria-checked
    <button
      type="button"
      role={role}
      aria-checked={checked}
      className="nbt-menu-item"
      style={danger ? { color: "var(--nbt-bad)" } : undefined}
      disabled={disabled}
      onClick={onChoose}
    >
      {checked !== undefined && <span className="nbt-mark">{checked && <Icon name="check" />}</span>}
      {icon && <Icon name={icon} />}
      <span className="nbt-menu-label">{label}</span>
      {note && <span className="nbt-menu-note">{note}</span>}
      {keys && <kbd className="nbt-key">{keys}</kbd>}
    </button>
  );
}

export const MenuLine = () => <hr className="nbt-menu-line" style={{ border: 0 }} />;
export const MenuTitle = ({ children }: { children: ReactNode }) => <div className="nbt-menu-title">{children}</div>;

interface MenuProps {
  label: string;
  icon?: IconName;
  iconOnly?: boolean;
  look?: "plain" | "outline";
  role?: "menu" | "dialog";
  className?: string;
  disabled?: boolean;
  /** Something is chosen in it: the button says so. */
  active?: boolean;
  /** More than the label says, for the tooltip. */
  title?: string;
  children: (close: () => void) => ReactNode;
}

/** A button that opens a menu. */
export function Menu({
  label,
  icon,
  iconOnly,
  look,
  role = "menu",
  className,
  disabled,
  active,
  title,
  children,
}: MenuProps) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLButtonElement>(null);
  const left = useCallback(() => setOpen(false), []);
  // After a choice the keyboard is where it was before.
  const close = useCallback(() => {
    setOpen(false);
    anchor.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <Button
        buttonRef={anchor}
        label={label}
        icon={icon}
        iconOnly={iconOnly}
        look={look}
        disabled={disabled}
        className={active ? "nbt-active" : ""}
        title={title ?? label}
        aria-haspopup={role}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      />
      <Popover anchor={anchor} open={open} onClose={left} label={label} role={role} className={className}>
        {open && children(close)}
      </Popover>
    </>
  );
}
