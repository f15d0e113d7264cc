// How views reach Python. A component is given a Transport and never fetches by itself; comm.ts, rest.ts and fake.ts
// are the ways there are.
import type { ApiError, Operations } from "../contract";

export type OperationName = keyof Operations;
export type RequestOf<K extends OperationName> = Operations[K]["request"];
export type AnswerOf<K extends OperationName> = Operations[K]["answer"];

export interface AskOptions {
  /** Gives the question up; the promise is then rejected with an AbortError. */
  signal?: AbortSignal;
  /** Milliseconds after which a question without an answer is an error; 30,000 if not given. */
  timeout?: number;
}

/** What is known of the other side. "busy": it has not answered for a while; "dead": it will not. */
export type Link = "open" | "busy" | "dead";

export interface Transport {
  /** What answers, in a word for people; "kernel" if not given. */
  readonly side?: string;
  ask<K extends OperationName>(op: K, request: RequestOf<K>, options?: AskOptions): Promise<AnswerOf<K>>;
  /** A built file that is loaded only when it is needed, such as "plotly.js", as text. */
  asset(name: string, options?: AskOptions): Promise<string>;
  /** The address of an artifact's content, to download or to play it; null where the way has no addresses. */
  artifact?(run: string, path: string): string | null;
  /** Calls back with each new revision of the project's file; returns what ends that. */
  onRevision(listener: (revision: number) => void): () => void;
  /** Calls back at once with what is known of the other side, and with every change; returns what ends that. */
  onLink(listener: (link: Link) => void): () => void;
  /** Ends everything: what is still asked is rejected. */
  close(): void;
}

/** What went wrong: what was asked, what was found, what to do next. The same three on every transport. */
export class AskError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly column: number | null;

  constructor(error: Pick<ApiError, "code" | "message"> & Partial<ApiError>) {
    super(error.message);
    this.name = "AskError";
    this.code = error.code;
    this.hint = error.hint ?? "";
    this.column = error.column ?? null;
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
