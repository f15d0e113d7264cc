// Who wants to hear of revisions and of the other side: what every transport keeps.
import type { Link } from "./transport";

export class Announcer {
  readonly #revisions = new Set<(revision: number) => void>();
  readonly #links = new Set<(link: Link) => void>();
  #link: Link = "open";

  onRevision(listener: (revision: number) => void): () => void {
    this.#revisions.add(listener);
    return () => void this.#revisions.delete(listener);
  }

  onLink(listener: (link: Link) => void): () => void {
    this.#links.add(listener);
    listener(this.#link);
    return () => void this.#links.delete(listener);
  }

  announce(revision: number): void {
    for (const listener of this.#revisions) listener(revision);
  }

  /** What is known of the other side now; said once for each change. */
  link(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    for (const listener of this.#links) listener(link);
  }

  get known(): Link {
    return this.#link;
  }
}
