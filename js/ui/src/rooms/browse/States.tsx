// What is said where there are no rows.
import { Button } from "../../parts/Button";
import { EmptyState } from "../../parts/Notes";
import type { Host } from "./host";
import { type Memory, type Section, useBrowse } from "./memory";

interface Props {
  memory: Memory;
  section: Section;
  host: Host;
  onProject: () => void;
}

export function Nothing({ memory, section, host, onProject }: Props) {
  const filter = useBrowse(memory, (one) => one.filter);
  const narrowed = useBrowse(memory, (one) => one.starred || one.statuses.length > 0);
  if ((memory.list.total ?? 0) > 0 && (filter || narrowed)) {
    const clear = () => memory.browse.getState().set({ text: "", filter: "", starred: false, statuses: [] });
    return (
      <EmptyState title="No run matches">
        <Button look="outline" label="Show all" onClick={clear} />
      </EmptyState>
    );
  }
  return (
    <EmptyState title={section === "notebook" ? "No runs of this notebook yet" : "No runs yet"}>
      <p>
        Put <code>%%track</code> on the first line of a cell and run it. Each execution is kept here as a run.
      </p>
      {host.can("toggleTracked", {}) && (
        <Button
          look="primary"
          label="Track the active cell"
          onClick={() => void host.run("toggleTracked", {}).catch(() => {})}
        />
      )}
      {section === "notebook" && <Button look="outline" label="Show the project's runs" onClick={onProject} />}
    </EmptyState>
  );
}
