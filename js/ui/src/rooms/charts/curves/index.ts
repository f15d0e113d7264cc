export { Curves } from "./Curves";
export { CurvesOf } from "./CurvesOf";
