// The bar over the runs: which runs, which columns, how they are grouped, and the way out for them.
import { useRef } from "react";
import { useTableChoices } from "../../export/choices";
import { ExportMenu } from "../../export/ExportMenu";
import { Baseline } from "./Baseline";
import { Chips } from "./Chips";
import { Columns } from "./Columns";
import { Copy } from "./Copy";
import { Filter } from "./Filter";
import { GroupBy } from "./GroupBy";
import { Scope } from "./Scope";
import { useNarrow } from "./useNarrow";
import { ViewMenu } from "./ViewMenu";

const WORDS_BELOW = 720; // pixels under which the buttons show their icons only

export function Toolbar() {
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow(box, WORDS_BELOW);
  const choices = useTableChoices();
  return (
    <div ref={box} className={`nbt-toolbar${narrow ? " nbt-narrow" : ""}`}>
      <Scope />
      <Filter />
      <Columns />
      <GroupBy />
      <Baseline />
      <Copy />
      <ExportMenu choices={choices} />
      <ViewMenu />
      <Chips />
    </div>
  );
}
