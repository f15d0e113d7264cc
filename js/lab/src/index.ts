// The entry of the extension: its plugins.
import { cells } from "./cells";
import { complete } from "./complete";
import { core } from "./core";
import { documents } from "./documents";
import { kernels } from "./kernels";
import { notify, status } from "./late";
import { renderer } from "./renderer";
import { sidebar } from "./sidebar";
import { tabs } from "./tabs";

export default [core, sidebar, tabs, documents, renderer, cells, status, notify, complete, kernels];
