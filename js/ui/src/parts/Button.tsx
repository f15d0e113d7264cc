import type { ButtonHTMLAttributes, Ref } from "react";
import { Icon, type IconName } from "./Icon";

interface Props extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "children"> {
  /** What it does, in words; shown unless `iconOnly`, and always the tooltip of an icon. */
  label: string;
  icon?: IconName;
  iconOnly?: boolean;
  filled?: boolean;
  look?: "plain" | "outline" | "primary" | "danger";
  buttonRef?: Ref<HTMLButtonElement>;
}

export function Button({ label, icon, iconOnly, filled, look = "plain", className = "", buttonRef, ...rest }: Props) {
  const classes = ["nbt-button", look === "plain" ? "" : `nbt-${look}`, iconOnly ? "nbt-icon-only" : "", className];
  return (
    <button
      type="button"
      ref={buttonRef}
      className={classes.filter(Boolean).join(" ")}
      aria-label={iconOnly ? label : undefined}
      title={iconOnly ? label : undefined}
      {...rest}
    >
      {icon && <Icon name={icon} filled={filled} />}
      {!iconOnly && <span className="nbt-label">{label}</span>}
    </button>
  );
}
