// The head of a plot's card: what it shows, the columns of its axes, what else can be done with it.
import type { ReactNode } from "react";
import { type Column, metricOf } from "../../../lib/columns";
import { Button } from "../../../parts/Button";
import { Menu, MenuItem, MenuTitle } from "../../../parts/Menu";
import type { PlotSpec } from "../../../state/view";
import { KINDS } from "./specs";

export interface CardProps {
  plot: PlotSpec;
  columns: Column[];
  onChange: (next: PlotSpec) => void;
  onRemove: () => void;
}

const MOST_AXES = 60;

export function CardHead({ plot, columns, onChange, onRemove, children }: CardProps & { children?: ReactNode }) {
  const { label, axes } = KINDS[plot.kind];
  const choose = (at: number, id: string) => {
    const next = [...plot.columns];
    if (id) next[at] = id;
    else next.splice(at, 1);
    onChange({ ...plot, columns: next });
  };
  return (
    <header className="nbt-card-head">
      <h4>{label}</h4>
      {axes.map((axis, at) => (
        <ColumnSelect
          key={axis}
          label={axis}
          value={plot.columns[at] ?? ""}
          columns={plot.kind === "importance" ? columns.filter((one) => one.kind === "metrics") : columns}
          none={plot.kind === "bars" && at === 1 ? "run" : undefined}
          onChoose={(id) => choose(at, id)}
        />
      ))}
      {plot.kind === "parallel" && <AxesMenu plot={plot} columns={columns} onChange={onChange} />}
      {plot.kind !== "importance" && plot.kind !== "contour" && plot.kind !== "bars" && (
        <ColumnSelect
          label="colour"
          value={plot.color ?? ""}
          columns={columns}
          none={plot.kind === "parallel" ? "the last axis" : plot.kind === "scatter" ? "run" : "none"}
          onChoose={(id) => onChange({ ...plot, color: id || null })}
        />
      )}
      <span className="nbt-card-tools">
        {children}
        <Button label="Remove this plot" icon="close" iconOnly onClick={onRemove} />
      </span>
    </header>
  );
}

interface SelectProps {
  label: string;
  value: string;
  columns: readonly Column[];
  /** What choosing none means. */
  none?: string;
  onChoose: (id: string) => void;
}

function ColumnSelect({ label, value, columns, none, onChoose }: SelectProps) {
  const known = columns.some((one) => one.id === value);
  return (
    <label className="nbt-card-select">
      {label}
      <select className="nbt-input" value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {none !== undefined && <option value="">{none}</option>}
        {!known && value && <option value={value}>{value}</option>}
        {(["params", "metrics", "tags", "meta"] as const).map((kind) => (
          <optgroup key={kind} label={kind}>
            {columns
              .filter((one) => one.kind === kind && one.id !== "tags" && one.id !== "note")
              .map((one) => (
                <option key={one.id} value={one.id}>
                  {one.label}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

/** Which columns are axes; they stand in the order in which they were chosen. */
function AxesMenu({ plot, columns, onChange }: Pick<CardProps, "plot" | "columns" | "onChange">) {
  const toggle = (id: string) => {
    const has = plot.columns.includes(id);
    const next = has ? plot.columns.filter((one) => one !== id) : [...plot.columns, id];
    if (next.length) onChange({ ...plot, columns: next.slice(0, MOST_AXES) });
  };
  const shown = columns.filter((one) => one.kind === "params" || metricOf(one.id) !== null).slice(0, 200);
  return (
    <Menu label={`${plot.columns.length} axes`} look="outline">
      {() => (
        <>
          <MenuTitle>Axes</MenuTitle>
          {shown.map((one) => (
            <MenuItem
              key={one.id}
              label={one.id}
              checked={plot.columns.includes(one.id)}
              onChoose={() => toggle(one.id)}
            />
          ))}
        </>
      )}
    </Menu>
  );
}
