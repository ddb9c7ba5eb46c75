/**
 * From a run to what of it is to be stored.
 *
 * @module
 */
import type { Run } from "../../wire/run.ts";
import type { SubscribedRoute } from "../routing.ts";
import type { Acknowledgement, Publisher } from "../types.ts";
import type { ClaimedIds } from "./claimed_ids.ts";
import type { CommitLog } from "./commit_log.ts";
import type { Dedup } from "./dedup.ts";
import { Piece, Repetition } from "./piece.ts";

/** What it works with. */
export interface AppendingParts {
  readonly dedup: Dedup;
  readonly claims: ClaimedIds;
  readonly log: CommitLog;
}

/** Guarantee: of messages with an id that is stored already, or being stored, none is stored again (D6). */
export class Appending {
  readonly #dedup: Dedup;
  readonly #claims: ClaimedIds;
  readonly #log: CommitLog;

  constructor({ dedup, claims, log }: AppendingParts) {
    this.#dedup = dedup;
    this.#claims = claims;
    this.#log = log;
  }

  /** What of a run is to be stored, all of it mostly, and what is stored already, or being stored. */
  append(run: Run, publisher: Publisher): void {
    const { ids, count } = run;
    if (ids.length > 0) {
      const known = this.#dedup.claim(run.route.topic, ids);
      if (known.size > 0) return this.#appendParts(run, known, publisher);
    }
    const piece = pieceOf(run, publisher.hold(count), publisher);
    this.#claims.add(piece);
    this.#log.append(piece, publisher);
  }

  #appendParts(run: Run, known: ReadonlySet<number>, publisher: Publisher): void {
    const repetition = new Repetition();
    const pieces: Piece[] = [];
    const brought = this.#claims.finder(run.route.topic, run.ids);
    for (const { at, count, part } of run.split(known)) {
      if (part === undefined) {
        for (const known of sameClaimant({ at, count, brought })) {
          pieces.push(
            new Piece({ part, acknowledgement: publisher.hold(known.count), repetition, ...known }),
          );
          if (known.claimant !== undefined) repetition.repeats(known.claimant);
        }
        continue;
      }
      // they do not all leave together
      part.keep();
      const piece = pieceOf(part, publisher.hold(count), publisher, repetition);
      pieces.push(piece);
      this.#claims.add(piece);
    }
    repetition.consistsOf(pieces);
    for (const piece of pieces) this.#log.append(piece, publisher);
    run.release();
  }
}

/** What is to be stored. Its topic begins on account of who publishes it, if it is not known to be there. */
function pieceOf(
  part: Run,
  acknowledgement: Acknowledgement,
  { newTopics }: Publisher,
  repetition?: Repetition,
): Piece {
  if (newTopics === undefined || (part.route as SubscribedRoute).begun) {
    return new Piece({ part, acknowledgement, repetition });
  }
  const may = newTopics.take(part.route.topic);
  const terms = may ? { newTopics } : { mayBegin: "never" as const };
  return new Piece({ part, acknowledgement, repetition, ...terms });
}

/** Messages that are known, those together that one piece brings, or that are stored: they fare alike. */
function* sameClaimant(
  { at, count, brought }: {
    readonly at: number;
    readonly count: number;
    readonly brought: (position: number) => Piece | undefined;
  },
): Generator<{ readonly count: number; readonly claimant: Piece | undefined }> {
  let claimant = brought(at);
  let first = at;
  for (let position = at + 1; position < at + count; position++) {
    const next = brought(position);
    if (next === claimant) continue;
    yield { count: position - first, claimant };
    claimant = next;
    first = position;
  }
  yield { count: at + count - first, claimant };
}
