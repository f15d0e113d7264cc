// `%track restore`: a kernel asks for a text to be put into a cell of its notebook. nbtrack/magics/restoring.py has the
// other side of it. What does it is loaded when the first asks.
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Kernel, KernelMessage } from "@jupyterlab/services";
import type { Base } from "./cells/here";
import { loaded } from "./cells/load";

const TARGET = "nbtrack:cell";

/** Listens to the kernels of all notebooks, as long as they are open here. */
export function answerKernels(base: Base): void {
  const known = new WeakSet<Kernel.IKernelConnection>();
  const attach = (kernel: Kernel.IKernelConnection | null | undefined) => {
    if (!kernel || known.has(kernel)) return;
    known.add(kernel);
    kernel.registerCommTarget(TARGET, (comm, message) => void answer(base, kernel, comm, message));
  };
  const follow = ({ sessionContext }: NotebookPanel) => {
    sessionContext.kernelChanged.connect((_, { newValue }) => attach(newValue));
    attach(sessionContext.session?.kernel);
  };
  base.notebooks.widgetAdded.connect((_, panel) => follow(panel));
  base.notebooks.forEach(follow);
}

/** Closing the comm is the answer; with nothing in it the kernel shows the text itself. */
async function answer(
  base: Base,
  kernel: Kernel.IKernelConnection,
  comm: Kernel.IComm,
  { content }: KernelMessage.ICommOpenMsg,
): Promise<void> {
  const asked = await loaded(() => import("./cells/asked"));
  const said = (await asked?.put(base, kernel.id, content.data)) ?? {};
  if (!comm.isDisposed && !kernel.isDisposed) comm.close(said);
}
