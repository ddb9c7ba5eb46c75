/**
 * What of the pieces of a commit goes where.
 *
 * @module
 */
import type { Commit } from "../../store/types.ts";
import type { News } from "./news.ts";
import type { Piece } from "./piece.ts";

/**
 * What is to be stored of pieces, and with them of groups; undefined: nothing is, for all of it is stored
 * already.
 */
export function commitOf(
  pieces: readonly Piece[],
  { news, topicsMost }: { readonly news: News | undefined; readonly topicsMost: number },
): Commit | undefined {
  const { marks = [], forget = [] } = news ?? {};
  // mostly all of them are appended, and nothing is made
  const arePlain = pieces.every(isPlain);
  const isNew = arePlain ? pieces : pieces.filter(({ part }) => part !== undefined);
  if (isNew.length === 0 && news === undefined) return undefined;
  if (arePlain) return { appends: pieces, marks, forget, topicsMost };
  return {
    appends: isNew.filter(({ isDelayed }) => !isDelayed),
    delayed: isNew.filter(({ isDelayed }) => isDelayed),
    moved: isNew.flatMap(({ moved }) => moved?.runs ?? []),
    marks,
    forget,
    topicsMost,
  };
}

function isPlain({ part, moved }: Piece): boolean {
  return part !== undefined && part.due === undefined && moved === undefined;
}
