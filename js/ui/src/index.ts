// What the hosts of the panel use.
export { RestTransport } from "./api/rest";
export { AskError, type Transport } from "./api/transport";
export { mount } from "./mount";
export type { PanelSpec } from "./state/panel";
