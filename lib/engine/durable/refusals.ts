/**
 * What is not stored, and how that is told.
 *
 * @module
 */
import type { WireCode } from "../../errors.ts";
import type { Commit, CommitPlaces } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { Acknowledgement, Level } from "../types.ts";
import type { Piece } from "./piece.ts";
import type { WaitingPieces } from "./waiting_pieces.ts";

/** Whom it tells. */
export interface RefusalParts {
  readonly waiting: Pick<WaitingPieces, "takeRepeating">;
  readonly level: Level;
  /** The run is not stored. */
  readonly onRunRefused: (run: Run) => void;
  /** It has been answered. */
  readonly letGo: (piece: Piece) => void;
}

/** Why, as it is told to who publishes. */
export interface Why {
  readonly code: WireCode;
  readonly reason: string;
}

/** Refuses pieces, and with them what waits and repeats them: that is not stored either (D6). */
export function refusePieces(
  pieces: readonly Piece[],
  why: (piece: Piece) => Why,
  { waiting, level, onRunRefused, letGo }: RefusalParts,
): void {
  const fallen = [...pieces, ...waiting.takeRepeating(pieces)];
  for (const piece of fallen) {
    const { part, acknowledgement, claimant } = piece;
    if (part !== undefined) onRunRefused(part);
    // what was stored before only waited for its turn; what may still be is not known to be
    const isKnown = part === undefined && claimant?.isStored !== false;
    if (isKnown) {
      acknowledgeKnown(acknowledgement, level);
      continue;
    }
    const { code, reason } = why(claimant ?? piece);
    acknowledgement.refuse(code, reason);
  }
  for (const piece of fallen) letGo(piece);
}

/** Which number it has, and who got it, is not remembered of what was stored before. */
export function acknowledgeKnown(acknowledgement: Acknowledgement, level: Level): void {
  acknowledgement.acknowledge({ reached: undefined, level, last: undefined, topic: undefined });
}

/** Those of a commit whose topics might not begin, and those beside them that repeat what they bring. */
export function unbegunOf(
  pieces: readonly Piece[],
  { appends, delayed = [] }: Commit,
  places: CommitPlaces,
): ReadonlySet<Piece> {
  const unbegun = new Set([
    ...places.appends.map((place) => appends[place] as Piece),
    ...places.delayed.map((place) => delayed[place] as Piece),
  ]);
  for (const piece of pieces) {
    if (piece.claimant !== undefined && unbegun.has(piece.claimant)) unbegun.add(piece);
  }
  return unbegun;
}
