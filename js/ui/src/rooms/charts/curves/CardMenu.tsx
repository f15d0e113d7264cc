// What can be done with one chart.
import { Menu, MenuItem, MenuLine } from "../../../parts/Menu";
import { usePanel } from "../../../state/panel";
import type { CardProps } from "./Card";
import type { CardChart } from "./cardChart";
import { csvOf } from "./out/csv";
import { pictureOf } from "./out/picture";
import { fileName, savePng, saveText } from "./out/save";

export function CardMenu(props: CardProps & { chart: CardChart | null }) {
  const { metric, options, onOptions, at, count, onMove, onHide, onFull, full, chart, input } = props;
  const { toasts } = usePanel();
  const own = options.own[metric] ?? {};
  const flip = (name: "logX" | "logY") =>
    onOptions({ own: { ...options.own, [metric]: { ...own, [name]: !(own[name] ?? options[name]) } } });

  const save = (kind: "png" | "svg" | "csv") => {
    if (!chart?.scene) return;
    const name = fileName(metric, kind);
    const failed = (error: unknown) =>
      toasts.getState().say({ text: `'${name}' could not be saved.`, hint: String(error), kind: "error" });
    try {
      if (kind === "csv") saveText(csvOf(metric, chart.scene.lines, input), name, "text/csv");
      else {
        const picture = pictureOf(metric, chart, input);
        if (kind === "svg") saveText(picture.svg, name, "image/svg+xml");
        else savePng(picture, name).catch(failed);
      }
    } catch (error) {
      failed(error);
    }
  };

  return (
    <Menu label={`Menu of ${metric}`} icon="more" iconOnly>
      {(close) => {
        const item = (label: string, act: () => void, more: Partial<Parameters<typeof MenuItem>[0]> = {}) => (
          <MenuItem
            label={label}
            {...more}
            onChoose={() => {
              close();
              act();
            }}
          />
        );
        return (
          <>
            {item("Log y", () => flip("logY"), { checked: own.logY ?? options.logY })}
            {item("Log x", () => flip("logX"), { checked: own.logX ?? options.logX, disabled: options.x === "time" })}
            <MenuLine />
            {item(full ? "Leave full screen" : "Full screen", () => onFull(!full), {
              icon: full ? "shrink" : "expand",
            })}
            {item("Reset zoom", () => chart?.reset(), { icon: "undo", disabled: !chart?.zoomed })}
            <MenuLine />
            {item("Save as PNG", () => save("png"), { icon: "download", disabled: !chart?.scene })}
            {item("Save as SVG", () => save("svg"), { icon: "download", disabled: !chart?.scene })}
            {item("Save as CSV", () => save("csv"), { icon: "download", disabled: !chart?.scene })}
            <MenuLine />
            {item("Move to the front", () => onMove(0), { disabled: at === 0 })}
            {item("Move back by one", () => onMove(at - 1), { disabled: at === 0 })}
            {item("Move on by one", () => onMove(at + 1), { disabled: at === count - 1 })}
            {item("Hide", onHide, { icon: "eye-off" })}
          </>
        );
      }}
    </Menu>
  );
}
