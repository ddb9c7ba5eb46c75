/**
 * What of the pieces of a commit goes where.
 *
 * @module
 */
import type { Commit, NamedMark } from "../../store/types.ts";
import type { Piece } from "./piece.ts";

/**
 * What is to be stored of pieces, and with them how far groups have come; undefined: nothing is, for all of
 * it is stored already.
 */
export function commitOf(pieces: readonly Piece[], marks: readonly NamedMark[]): Commit | undefined {
  // mostly all of them are appended, and nothing is made
  const arePlain = pieces.every(isPlain);
  const isNew = arePlain ? pieces : pieces.filter(({ part }) => part !== undefined);
  if (isNew.length === 0 && marks.length === 0) return undefined;
  if (arePlain) return { appends: pieces, marks };
  return {
    appends: isNew.filter(({ isDelayed }) => !isDelayed),
    delayed: isNew.filter(({ isDelayed }) => isDelayed),
    moved: isNew.flatMap(({ moved }) => moved?.runs ?? []),
    marks,
  };
}

function isPlain({ part, moved }: Piece): boolean {
  return part !== undefined && part.due === undefined && moved === undefined;
}
