// What holds for all charts: the x axis, smoothing, scales, means of groups, which metrics.

import type { Column } from "../../../lib/columns";
import { plural } from "../../../lib/format";
import { Button } from "../../../parts/Button";
import { Menu, MenuItem, MenuLine, MenuTitle } from "../../../parts/Menu";
import { type CurveOptions, useSetView, useView, type XAxis } from "../../../state/view";
import { MetricPicker } from "./MetricPicker";

interface Props {
  options: CurveOptions;
  onChange: (change: Partial<CurveOptions>) => void;
  columns: readonly Column[];
  metrics: readonly string[];
  onMetrics: (metrics: string[] | null) => void;
  /** Columns that runs can be grouped by, and the one they are. */
  groups: readonly string[];
  by: string;
  runs: number;
  matched: number | null;
}

export function Options(props: Props) {
  const { options, onChange, runs, matched } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div className="nbt-curve-options" role="group" aria-label="Options of all charts">
      <AxisMenu {...props} />
      <Smoothing weight={options.smoothing} onChange={(smoothing) => onChange({ smoothing })} />
      <Button
        label="Log y"
        aria-pressed={options.logY}
        onClick={() => onChange({ logY: !options.logY, own: without(options.own, "logY") })}
      />
      <Button
        label="Outliers aside"
        title="The y axis reaches from the 5th to the 95th percentile of the values; the others run out of it"
        aria-pressed={options.clip}
        onClick={() => onChange({ clip: !options.clip })}
      />
      {(matched !== null || runs > 2) && <MeanMenu {...props} />}
      <span className="nbt-curve-space" />
      {matched !== null && <MostMenu runs={runs} matched={matched} />}
      <MetricPicker columns={props.columns} chosen={props.metrics} onChosen={props.onMetrics} />
    </div>
  );
}

/** A choice for all charts goes before those for single ones. */
function without(own: CurveOptions["own"], name: "logX" | "logY"): CurveOptions["own"] {
  return Object.fromEntries(
    Object.entries(own)
      .map(([metric, { [name]: _, ...rest }]) => [metric, rest] as const)
      .filter(([, rest]) => Object.keys(rest).length),
  );
}

const AXES: Record<Exclude<XAxis, "metric">, string> = {
  step: "Step",
  relative: "Time since start",
  time: "Wall time",
};
const LISTED = 30; // metrics in the menu of the axis

function AxisMenu({ options, onChange, columns, metrics }: Props) {
  const { x, xKey, logX } = options;
  const label = x === "metric" ? (xKey ?? "Metric") : AXES[x];
  // The charted ones first: they are what one looks at.
  const names = [...new Set([...metrics, ...columns.map((column) => column.label)])].slice(0, LISTED);
  return (
    <Menu label={`x: ${label}`} icon="down" title="What the x axis is">
      {(close) => {
        const choose = (change: Partial<CurveOptions>) => {
          onChange(change);
          close();
        };
        return (
          <>
            {Object.entries(AXES).map(([axis, words]) => (
              <MenuItem key={axis} label={words} checked={x === axis} onChoose={() => choose({ x: axis as XAxis })} />
            ))}
            <MenuLine />
            <MenuItem
              label="Log scale"
              checked={logX}
              disabled={x === "time"}
              onChoose={() => choose({ logX: !logX, own: without(options.own, "logX") })}
            />
            <MenuLine />
            <MenuTitle>Another metric, at the same step</MenuTitle>
            {names.map((name) => (
              <MenuItem
                key={name}
                label={name}
                checked={x === "metric" && xKey === name}
                onChoose={() => choose({ x: "metric", xKey: name })}
              />
            ))}
          </>
        );
      }}
    </Menu>
  );
}

const PLACES = 100; // of the slider

/** The slider goes from 0 to 0.999, half of its way above 0.97: that is where the differences are. */
export function weightAt(place: number): number {
  const rest = (10 ** ((-3 * place) / PLACES)).toPrecision(3);
  return Number((1 - Number(rest)).toFixed(6));
}

export function placeOf(weight: number): number {
  return weight > 0 ? Math.min(PLACES, Math.round((-Math.log10(1 - weight) * PLACES) / 3)) : 0;
}

function Smoothing({ weight, onChange }: { weight: number; onChange: (weight: number) => void }) {
  return (
    <label className="nbt-curve-smooth" title="Exponential moving average; the line as logged stays faint behind it">
      Smoothing
      <input
        type="range"
        min={0}
        max={PLACES}
        value={placeOf(weight)}
        aria-valuetext={String(weight)}
        onInput={(event) => onChange(weightAt(Number(event.currentTarget.value)))}
      />
      <output className="nbt-curve-smooth-value">{weight || "off"}</output>
    </label>
  );
}

function MeanMenu({ options, onChange, groups, by }: Props) {
  const off = options.x === "metric";
  const label = options.bands && !off ? `Mean by ${plain(by)}` : "Mean by …";
  return (
    <Menu
      label={label}
      active={options.bands && !off}
      disabled={off}
      title={off ? "Not over another metric" : "One mean with its standard deviation for each group of runs"}
    >
      {(close) => (
        <>
          <MenuItem
            label="A line for each run"
            checked={!options.bands}
            onChoose={() => {
              onChange({ bands: false });
              close();
            }}
          />
          <MenuTitle>Mean ± deviation of runs that share</MenuTitle>
          {groups.map((column) => (
            <MenuItem
              key={column}
              label={plain(column)}
              checked={options.bands && column === by}
              onChoose={() => {
                onChange({ bands: true, by: column });
                close();
              }}
            />
          ))}
        </>
      )}
    </Menu>
  );
}

const plain = (column: string) => column.slice(column.indexOf(".") + 1);

const MOST = [5, 10, 20, 30, 50, 100];

function MostMenu({ runs, matched }: { runs: number; matched: number }) {
  const most = useView((view) => view.most);
  const set = useSetView();
  const label = runs === matched ? plural(runs, "run") : `${runs} of ${plural(matched, "run")}`;
  return (
    <Menu label={label} title="How many runs the charts show: the first of the table whose eye is open">
      {(close) => (
        <>
          <MenuTitle>The first of the table</MenuTitle>
          {MOST.map((count) => (
            <MenuItem
              key={count}
              label={plural(count, "run")}
              checked={most === count}
              onChoose={() => {
                set({ most: count });
                close();
              }}
            />
          ))}
        </>
      )}
    </Menu>
  );
}
