// What the hosts of the panel use.
export { CommTransport, type PanelModel } from "./api/comm";
export { RestTransport } from "./api/rest";
export { AskError, type Transport } from "./api/transport";
export { mount } from "./mount";
export type { PanelHost, PanelSpec } from "./state/panel";
