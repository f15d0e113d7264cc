// The entry of the widget: a way to Python, and the panel on it.
import { mount, RestTransport } from "@nbtrack/ui/src/index";

export { mount, RestTransport };
