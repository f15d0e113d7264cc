// The project's name, and the ways out of the list.
import { Button } from "../../parts/Button";
import { Icon } from "../../parts/Icon";
import type { Host } from "./host";

interface HeadProps {
  name: string;
  title?: string;
  host: Host;
  onTable?: () => void;
}

export function Head({ name, title, host, onTable }: HeadProps) {
  return (
    <header className="nbt-side-head">
      <Icon name="folder" />
      <h2 title={title ?? name}>
        <bdi>{name.slice(0, 200)}</bdi>
      </h2>
      {onTable && <Button icon="columns" iconOnly label="Open the table of runs" onClick={onTable} />}
      {host.can("collapse", {}) && (
        <Button icon="back" iconOnly label="Hide the sidebar" onClick={() => void host.run("collapse", {})} />
      )}
    </header>
  );
}
