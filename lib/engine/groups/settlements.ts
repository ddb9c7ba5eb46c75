/**
 * Which groups have something to be stored, and the part of a commit that is theirs.
 *
 * @module
 */
import type { News, NewsSource } from "../durable/news.ts";
import type { Piece } from "../durable/piece.ts";
import type { GroupName, NamedMark } from "../../store/types.ts";

/** One group's part of a commit. */
export interface Part {
  /** Undefined: it is no more. */
  readonly mark: NamedMark | undefined;
  /** What was known of it before is not any more. */
  readonly forget: GroupName | undefined;
  /** Dead letters, which are stored with the mark that says they are settled. */
  readonly pieces: readonly Piece[];
  stored(): void;
  refused(reason: string): void;
}

/** A group, as far as it has to be stored. */
export interface Marked {
  /** What it has to say; undefined: nothing. */
  take(): Part | undefined;
}

/** Groups in one commit at most: each costs it a row, and a row each topic. */
const MARKS_MOST = 256;

/** What somebody waits for goes into the next commit, and causes one; all else waits for the next tick. */
export class Settlements implements NewsSource {
  readonly #urgent = new Set<Marked>();
  readonly #lazy = new Set<Marked>();
  readonly #announce: () => void;

  /** `announce`: called when there is something to be stored. */
  constructor(announce: () => void) {
    this.#announce = announce;
  }

  get due(): boolean {
    return this.#urgent.size > 0;
  }

  /** Something has to be stored, now or when there is time. */
  changed(marked: Marked, when: "now" | "soon"): void {
    if (this.#urgent.has(marked)) return;
    if (when === "soon") {
      this.#lazy.add(marked);
      return;
    }
    this.#lazy.delete(marked);
    this.#urgent.add(marked);
    this.#announce();
  }

  /** Time has passed. */
  tick(): void {
    for (const marked of this.#lazy) this.changed(marked, "now");
  }

  take(): News | undefined {
    const parts: Part[] = [];
    const taken: Marked[] = [];
    for (const marked of this.#urgent) {
      if (parts.length === MARKS_MOST) break;
      this.#urgent.delete(marked);
      const part = marked.take();
      if (part === undefined) continue;
      taken.push(marked);
      parts.push(part);
    }
    if (parts.length === 0) return undefined;
    return {
      pieces: parts.flatMap(({ pieces }) => pieces),
      marks: parts.flatMap(({ mark }) => mark ?? []),
      forget: parts.flatMap(({ forget }) => forget ?? []),
      stored: () => {
        for (const part of parts) part.stored();
      },
      refused: (reason) => {
        for (const part of parts) part.refused(reason);
        // a disk that is full is full for a while
        for (const marked of taken) this.changed(marked, "soon");
      },
    };
  }
}
