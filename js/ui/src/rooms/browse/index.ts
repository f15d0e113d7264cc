export type { Host, HostCommand, HostCommands, Spot, Trouble } from "./host";
export { Sidebar } from "./Sidebar";
