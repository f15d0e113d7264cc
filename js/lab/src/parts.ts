// What late.ts loads.
export { notify } from "./notify";
export { status } from "./status";
