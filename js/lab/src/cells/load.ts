// Parts that are loaded when they are first needed.
import { Notification } from "@jupyterlab/apputils";

/** null where it could not be loaded: the server is away, or has another version of nbtrack than this page by now. */
export async function loaded<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    const [found] = await Promise.all([load(), import("../ground")]);
    return found;
  } catch (error) {
    console.warn("nbtrack: a part could not be loaded.", error);
    Notification.error("A part of nbtrack could not be loaded. Reload the page; was nbtrack updated?", {
      autoClose: 8000,
    });
    return null;
  }
}
