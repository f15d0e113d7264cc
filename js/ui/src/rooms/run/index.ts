export { Compare } from "../compare/Compare";
export { OneRun } from "./OneRun";
