// What can be done with the runs that are chosen; and the question for another run to compare one with.
import { type RefObject, useRef } from "react";
import { oneLine } from "../../lib/format";
import { Button } from "../../parts/Button";
import type { Host } from "./host";
import { type Memory, useBrowse } from "./memory";
import type { Actions } from "./useActions";

interface Props {
  memory: Memory;
  project: string;
  host: Host;
  actions: Actions;
  onTags: (runs: string[], anchor: RefObject<HTMLElement | null>) => void;
  onClear: () => void;
}

export function SelectedBar({ memory, project, host, actions, onTags, onClear }: Props) {
  const selected = useBrowse(memory, (one) => one.selected);
  const partner = useBrowse(memory, (one) => one.partner);
  const tags = useRef<HTMLButtonElement>(null);
  const runs = [...selected];
  if (partner !== null) {
    return (
      <div className="nbt-side-foot" role="status">
        <span className="nbt-side-cut">
          Choose a run to compare with <bdi>{oneLine(memory.list.find(partner)?.name ?? "this one", 60)}</bdi>
        </span>
        <Button icon="close" iconOnly label="Do not compare" onClick={onClear} />
      </div>
    );
  }
  if (runs.length < 2) return null;
  const starred = runs.every((id) => memory.list.find(id)?.starred);
  return (
    <div className="nbt-side-foot" role="toolbar" aria-label="Selected runs">
      <span className="nbt-side-cut" role="status">
        {runs.length.toLocaleString("en-US")}
        <span className="nbt-side-wide"> selected</span>
      </span>
      {host.can("compare", { project, runs }) && (
        <Button look="primary" label="Compare" onClick={() => actions.compare(runs)} />
      )}
      <Button buttonRef={tags} icon="tag" iconOnly label="Tag" onClick={() => onTags(runs, tags)} />
      <Button
        icon="star"
        iconOnly
        filled={starred}
        label={starred ? "Take the stars off" : "Star"}
        onClick={() => void actions.edit(runs, { starred: !starred })}
      />
      <Button icon="trash" iconOnly label="Move to trash" onClick={() => void actions.trash(runs)} />
      <Button icon="close" iconOnly label="Clear the selection" onClick={onClear} />
    </div>
  );
}
