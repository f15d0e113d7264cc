// This notebook, or all of its project; each with how many runs it has.
import { useAsk } from "../../state/query";
import type { Memory, Section } from "./memory";

interface Props {
  notebook: string;
  shown: Section;
  memory: Memory;
  visible: boolean;
  onSection: (section: Section) => void;
}

export function Sections({ notebook, shown, memory, visible, onSection }: Props) {
  const other = shown === "notebook" ? null : notebook;
  // The list itself knows the one; the other one is counted now and then.
  const count = useAsk(
    "runs.page",
    { notebook: other, limit: 0, columns: [] },
    { off: !visible || memory.list.matched === undefined, every: 1000, late: true },
  );
  const counts = (section: Section) =>
    section === shown ? memory.list.total : count.stale ? undefined : count.data?.total;
  const file = notebook.split("/").at(-1) ?? notebook;
  return (
    <div className="nbt-side-sections" role="group" aria-label="Whose runs are shown">
      <Choice
        label="This notebook"
        title={file}
        count={counts("notebook")}
        on={shown === "notebook"}
        onChoose={() => onSection("notebook")}
      />
      <Choice
        label="Project"
        count={counts("project")}
        on={shown === "project"}
        onChoose={() => onSection("project")}
      />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  title?: string;
  count: number | undefined;
  on: boolean;
  onChoose: () => void;
}

function Choice({ label, title, count, on, onChoose }: ChoiceProps) {
  return (
    <button type="button" aria-pressed={on} title={title} onClick={onChoose}>
      {label}
      {count !== undefined && <span className="nbt-side-count">{count.toLocaleString("en-US")}</span>}
    </button>
  );
}
