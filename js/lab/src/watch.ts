// Follows the projects in which a run goes on, for who wants to hear of endings.
import type { BriefRow } from "@nbtrack/ui/src/contract";
import type { Feed } from "./feed";

type Tell = (project: string, ended: BriefRow[]) => void;

export class Watch {
  readonly #projects = new Map<string, { feed: Feed; end: () => void }>();
  #current: string | null = null;

  constructor(
    readonly feed: (project: string) => Feed,
    readonly tell: Tell,
  ) {}

  /** The project the user is at; the one before is followed until nothing goes on there any more. */
  go(project: string | null): void {
    this.#current = project;
    if (project !== null && !this.#projects.has(project)) this.#follow(project);
    this.#leave();
  }

  stop(): void {
    this.#current = null;
    for (const { end } of this.#projects.values()) end();
    this.#projects.clear();
  }

  #follow(project: string): void {
    const feed = this.feed(project);
    const own = { feed, end: () => {} };
    this.#projects.set(project, own);
    own.end = feed.listen(({ ended }) => {
      if (ended.length > 0) this.tell(project, ended);
      this.#leave();
    }, true);
  }

  #leave(): void {
    for (const [project, { feed, end }] of this.#projects) {
      if (project === this.#current || feed.busy) continue;
      this.#projects.delete(project);
      end();
    }
  }
}
