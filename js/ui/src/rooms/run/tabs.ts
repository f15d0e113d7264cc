import type { FunctionComponent } from "react";
import { Lineage } from "../lineage/Lineage";
import { Artifacts } from "./Artifacts";
import { Code } from "./Code";
import { Environment } from "./Environment";
import { Output } from "./Output";
import { Overview } from "./Overview";
import type { Tab, TabProps } from "./state";
import { Values } from "./Values";
import { Why } from "./Why";

export const TAB_BODIES: Record<Tab, FunctionComponent<TabProps>> = {
  overview: Overview,
  code: Code,
  values: Values,
  output: Output,
  artifacts: Artifacts,
  lineage: Lineage,
  environment: Environment,
  why: Why,
};
