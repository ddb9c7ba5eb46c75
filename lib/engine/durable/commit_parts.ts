/**
 * What of the pieces of a commit goes where.
 *
 * @module
 */
import type { Commit } from "../../store/types.ts";
import type { Piece } from "./piece.ts";

/** What is to be stored of pieces; undefined: nothing is, for all of it is stored already. */
export function commitOf(pieces: readonly Piece[]): Commit | undefined {
  // mostly all of them are appended, and nothing is made
  if (pieces.every(isPlain)) return pieces.length === 0 ? undefined : { appends: pieces };
  const isNew = pieces.filter(({ part }) => part !== undefined);
  if (isNew.length === 0) return undefined;
  return {
    appends: isNew.filter(({ isDelayed }) => !isDelayed),
    delayed: isNew.filter(({ isDelayed }) => isDelayed),
    moved: isNew.flatMap(({ moved }) => moved?.runs ?? []),
  };
}

function isPlain({ part, moved }: Piece): boolean {
  return part !== undefined && part.due === undefined && moved === undefined;
}
