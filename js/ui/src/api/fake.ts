// A transport for tests: answers come from functions, announcements and the state of the link from the test.
import { Announcer } from "./announcer";
import {
  type AnswerOf,
  AskError,
  type AskOptions,
  type OperationName,
  type RequestOf,
  type Transport,
} from "./transport";

export type Answers = { [K in OperationName]?: (request: RequestOf<K>) => AnswerOf<K> | Promise<AnswerOf<K>> };

export class FakeTransport extends Announcer implements Transport {
  /** What was asked, in order. */
  readonly asked: { op: OperationName; request: unknown }[] = [];
  readonly answers: Answers;
  readonly assets: Record<string, string> = {};
  /** Set where the way has addresses. */
  artifact?: Transport["artifact"];

  constructor(answers: Answers = {}) {
    super();
    this.answers = answers;
  }

  async ask<K extends OperationName>(op: K, request: RequestOf<K>, options: AskOptions = {}): Promise<AnswerOf<K>> {
    this.asked.push({ op, request });
    const answer = this.answers[op] as ((request: RequestOf<K>) => AnswerOf<K>) | undefined;
    if (!answer) throw new AskError({ code: "unknown_operation", message: `The test answers no '${op}'.` });
    const found = await answer(request);
    if (options.signal?.aborted) throw new DOMException("Given up.", "AbortError");
    return found;
  }

  async asset(name: string): Promise<string> {
    const found = this.assets[name];
    if (found === undefined) throw new AskError({ code: "unknown_asset", message: `The test has no '${name}'.` });
    return found;
  }

  close(): void {}

  /** The requests of one operation. */
  of<K extends OperationName>(op: K): RequestOf<K>[] {
    return this.asked.filter((one) => one.op === op).map((one) => one.request as RequestOf<K>);
  }
}
