/**
 * What a commit takes along beside what is published.
 *
 * @module
 */
import type { GroupName, NamedMark } from "../../store/types.ts";
import type { Piece } from "./piece.ts";

/** What goes into one commit, all of it or nothing. Of the two calls one comes, unless the store is lost. */
export interface News {
  /** To be stored like what is published; whoever brings them has no other claim on them. */
  readonly pieces: readonly Piece[];
  readonly marks: readonly NamedMark[];
  /** Groups that are no more, or begin anew with a mark. */
  readonly forget: readonly GroupName[];
  stored(): void;
  refused(reason: string): void;
}

/** Where such comes from. */
export interface NewsSource {
  /** Whether there is something that is worth a commit of its own. */
  readonly due: boolean;
  take(): News | undefined;
}
