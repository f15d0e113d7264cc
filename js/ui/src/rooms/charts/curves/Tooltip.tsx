// The one tooltip of all charts: what lies at the crosshair of the chart that is pointed at, the highest first.
import { useLayoutEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { number, plural } from "../../../lib/format";
import { RunMark } from "../../../parts/Marks";
import { type CurveOptions, useView } from "../../../state/view";
import type { Row } from "./calc/near";
import type { Readout } from "./cardChart";
import type { Pointed, Shared } from "./shared";
import { xText } from "./words";

const GAP = 18; // pixels from the pointer

export function Tooltip({ shared, options }: { shared: Shared; options: CurveOptions }) {
  const pointed = useStore(shared.store, (one) => one.pointed);
  // Another line may come forward while the pointer stays.
  useView((view) => view.hover);
  useStore(shared.store, (one) => one.group);
  const readout = pointed ? shared.charts.get(pointed.key)?.read(pointed.x) : null;
  if (!pointed || !readout?.rows.length) return null;
  return <Box pointed={pointed} readout={readout} options={options} />;
}

function Box({ pointed, readout, options }: { pointed: Pointed; readout: Readout; options: CurveOptions }) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 240, height: 120 });
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    own.setAttribute("popover", "manual");
    own.showPopover?.();
  }, []);
  useLayoutEffect(() => {
    const own = box.current;
    if (!own) return;
    const { offsetWidth: width, offsetHeight: height } = own;
    if (width !== size.width || height !== size.height) setSize({ width, height });
  });
  const { innerWidth, innerHeight } = window;
  const right = pointed.left + GAP + size.width + 6 <= innerWidth;
  const left = right ? pointed.left + GAP : Math.max(6, pointed.left - GAP - size.width);
  const top = Math.max(6, Math.min(pointed.top - size.height / 3, innerHeight - size.height - 6));
  const { rows, more, near } = readout;
  const smoothed = rows.some((row) => row.logged !== null);
  return (
    <div ref={box} className="nbt-curve-tip" style={{ left, top }} aria-hidden="true">
      <div className="nbt-curve-tip-head">
        <span className="nbt-curve-cut">{pointed.key}</span>
        <span>{xText(readout.x, options)}</span>
      </div>
      <table>
        <tbody>
          {rows.map((row) => (
            <Line key={row.line.id} row={row} near={row.line.id === near} smoothed={smoothed} />
          ))}
        </tbody>
      </table>
      {more > 0 && <div className="nbt-curve-tip-more">… {more} more</div>}
    </div>
  );
}

function Line({ row, near, smoothed }: { row: Row; near: boolean; smoothed: boolean }) {
  const { line, at } = row;
  const band = line.band;
  const spread = band ? (band.of.high[at] as number) - row.value : Number.NaN;
  return (
    <tr className={near ? "nbt-curve-tip-near" : undefined}>
      <td>
        <RunMark id={line.id} look={line.sign} />
      </td>
      <td className="nbt-curve-tip-name">{line.label}</td>
      <td className="nbt-curve-tip-value">{number(row.value)}</td>
      {smoothed && <td className="nbt-curve-tip-raw">{row.logged === null ? "" : number(row.logged)}</td>}
      {band && <td className="nbt-curve-tip-raw">{`± ${number(spread)}, ${plural(band.of.runs, "run")}`}</td>}
    </tr>
  );
}
