import type { Kernel } from "@jupyterlab/services";
import { Signal } from "@lumino/signaling";
import { expect, test, vi } from "vitest";
import { ensureMagics, MagicsLoader, REQUEST } from "./magics";

/** A kernel that notes what it is sent; the test says when that is done. */
class FakeKernel {
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly sent: unknown[] = [];
  readonly ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  isDisposed = false;
  name = "python3";
  refuses = false;
  info: Promise<{ language_info: { name: string } }>;

  constructor(language = "python") {
    this.info = Promise.resolve({ language_info: { name: language } });
  }
  requestExecute(content: unknown) {
    if (this.refuses) throw new Error("Kernel is dead");
    this.sent.push(content);
    const done = new Promise<void>((resolve, reject) => this.ends.push({ resolve, reject }));
    return { done };
  }
  get real(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }
}

class FakeSession {
  session: { kernel: FakeKernel | null } | null = null;
  readonly kernelChanged = new Signal<this, { newValue: FakeKernel | null }>(this);
  readonly disposed = new Signal<this, void>(this);
  give(kernel: FakeKernel | null): void {
    this.session = { kernel };
    this.kernelChanged.emit({ newValue: kernel });
  }
}

function following(wanted = true, language: string | null = "python") {
  const setting = { wanted };
  const loader = new MagicsLoader(
    () => setting.wanted,
    () => language ?? undefined,
  );
  const session = new FakeSession();
  loader.follow(session as unknown as Parameters<MagicsLoader["follow"]>[0]);
  return { loader, session, setting };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("what is sent leaves no trace in the history of the kernel", () => {
  expect(REQUEST).toMatchObject({ code: "", silent: true, store_history: false, allow_stdin: false });
});

test("a kernel is asked once, however many ask at the same time", async () => {
  const kernel = new FakeKernel();
  const all = [ensureMagics(kernel.real), ensureMagics(kernel.real), ensureMagics(kernel.real)];
  await settled();
  kernel.ends[0]?.resolve();
  await Promise.all(all);
  await ensureMagics(kernel.real);
  expect(kernel.sent).toEqual([REQUEST]);
});

test("whoever asks waits until the kernel has done it", async () => {
  const kernel = new FakeKernel();
  const done = vi.fn();
  void ensureMagics(kernel.real).then(done);
  await settled();
  expect(done).not.toHaveBeenCalled();
  kernel.ends[0]?.resolve();
  await settled();
  expect(done).toHaveBeenCalledOnce();
});

test.each(["restarting", "autorestarting"] as const)("a kernel that was %s is asked again", async (status) => {
  const kernel = new FakeKernel();
  const first = ensureMagics(kernel.real);
  await settled();
  kernel.statusChanged.emit(status);
  kernel.ends[0]?.reject(new Error("Canceled future"));
  await first; // what was given up is no error
  const second = ensureMagics(kernel.real);
  expect(ensureMagics(kernel.real)).toBe(second);
  await settled();
  expect(kernel.sent).toHaveLength(2);
});

test.each(["busy", "idle", "starting", "unknown"] as const)("a kernel that is %s is the same one", async (status) => {
  const kernel = new FakeKernel();
  void ensureMagics(kernel.real);
  kernel.statusChanged.emit(status);
  void ensureMagics(kernel.real);
  await settled();
  expect(kernel.sent).toHaveLength(1);
});

test("a dead kernel is no error, and is asked again when it can be", async () => {
  const kernel = new FakeKernel();
  kernel.refuses = true;
  await ensureMagics(kernel.real);
  kernel.refuses = false;
  void ensureMagics(kernel.real);
  await settled();
  expect(kernel.sent).toHaveLength(1);
});

test.each(["R", "julia", "xpython-not", "python2"])("a kernel that speaks %s is left alone", async (language) => {
  const kernel = new FakeKernel(language);
  await ensureMagics(kernel.real);
  await ensureMagics(new FakeKernel("python").real, language);
  expect(kernel.sent).toEqual([]);
});

test("with the language known it is sent at once, before whatever the user sends next", () => {
  const kernel = new FakeKernel();
  void ensureMagics(kernel.real, "Python");
  expect(kernel.sent).toHaveLength(1);
});

test("a new kernel of a followed notebook gets it in the moment it is there", () => {
  const { session } = following();
  const [first, second] = [new FakeKernel(), new FakeKernel()];
  session.give(first);
  session.give(null);
  session.give(second);
  session.give(second); // JupyterLab says so after a restart
  expect([first.sent.length, second.sent.length]).toEqual([1, 1]);
});

test("a kernel that was there before is asked too, and a notebook is followed once", () => {
  const { loader } = following();
  const session = new FakeSession();
  const kernel = new FakeKernel();
  session.session = { kernel };
  for (let time = 0; time < 2; time += 1) loader.follow(session as unknown as Parameters<MagicsLoader["follow"]>[0]);
  expect(kernel.sent).toHaveLength(1);
});

test("after a restart it is loaded again, behind what JupyterLab throws away then", async () => {
  const { session } = following();
  const kernel = new FakeKernel();
  session.give(kernel);
  kernel.statusChanged.emit("restarting");
  expect(kernel.sent).toHaveLength(1); // JupyterLab empties its queue in the same moment
  await settled();
  expect(kernel.sent).toHaveLength(2);
});

test("where the user does not want it nothing is sent, until they do", async () => {
  const { loader, session, setting } = following(false);
  const kernel = new FakeKernel();
  session.give(kernel);
  kernel.statusChanged.emit("restarting");
  await settled();
  expect(kernel.sent).toEqual([]);
  setting.wanted = true;
  loader.again();
  loader.again();
  expect(kernel.sent).toHaveLength(1);
});

test("a notebook that was closed is forgotten", () => {
  const { loader, session, setting } = following(false);
  const kernel = new FakeKernel();
  session.give(kernel);
  session.disposed.emit();
  setting.wanted = true;
  loader.again();
  expect(kernel.sent).toEqual([]);
});

test("a kernel of an unknown kind is asked what it speaks first", async () => {
  const { session } = following(true, null);
  const [python, julia] = [new FakeKernel(), new FakeKernel("julia")];
  session.give(python);
  session.give(julia);
  await settled();
  expect([python.sent.length, julia.sent.length]).toEqual([1, 0]);
});
