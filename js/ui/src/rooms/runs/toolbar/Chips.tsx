// Conditions beside the filter's text: from brushing a chart or from a click on a value. Each can be taken off.
import { Icon } from "../../../parts/Icon";
import { useSetView, useView } from "../../../state/view";

export function Chips() {
  const also = useView((view) => view.also);
  const set = useSetView();
  if (!also.length) return null;
  const without = (id: string) => set({ also: also.filter((one) => one.id !== id) });
  return (
    <ul className="nbt-chips" aria-label="More conditions">
      {also.map(({ id, label, where }) => (
        <li key={id} className="nbt-chip nbt-chip-off" title={where}>
          <span className="nbt-chip-text">{label}</span>
          <button type="button" className="nbt-chip-close" aria-label={`Remove ${label}`} onClick={() => without(id)}>
            <Icon name="close" />
          </button>
        </li>
      ))}
      {also.length > 1 && (
        <li>
          <button type="button" className="nbt-text-button" onClick={() => set({ also: [] })}>
            Remove all
          </button>
        </li>
      )}
    </ul>
  );
}
