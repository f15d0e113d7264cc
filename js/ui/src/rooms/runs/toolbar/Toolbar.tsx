// The bar over the runs: which runs, which columns, how they are grouped, and the way out for them.
import { useRef } from "react";
import { Chips } from "./Chips";
import { Columns } from "./Columns";
import { Filter } from "./Filter";
import { useNarrow } from "./useNarrow";

const WORDS_BELOW = 640; // pixels under which the buttons show their icons only

export function Toolbar() {
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow(box, WORDS_BELOW);
  return (
    <div ref={box} className={`nbt-toolbar${narrow ? " nbt-narrow" : ""}`}>
      <Filter />
      <Columns />
      <Chips />
    </div>
  );
}
