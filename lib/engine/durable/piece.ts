/**
 * What a commit is made of.
 *
 * @module
 */
import { showSpans } from "../../id_spans.ts";
import { CLAIM_BYTES, PIECE_BYTES } from "../../limits.ts";
import type { Delayed, MayBegin } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { Acknowledgement, NewTopics } from "../types.ts";

/** What is known of a piece. */
export interface PieceOptions {
  /** What is to be stored, kept, a run or a part of it; undefined: it is stored already, or is being. */
  readonly part: Run | undefined;
  readonly acknowledgement: Acknowledgement;
  /** Undefined: nothing of its run repeats what is not stored yet. */
  readonly repetition?: Repetition | undefined;
  /** The piece that brings what this one repeats; undefined: that is stored already. */
  readonly claimant?: Piece | undefined;
  /** It has waited in the store until it was due; undefined: it has not. */
  readonly moved?: Moved | undefined;
  /** Whether its topic may begin with it; left out: as long as there are not too many. */
  readonly mayBegin?: MayBegin | undefined;
  /** Where a new topic was taken from for it, if it begins one; left out: nowhere. */
  readonly newTopics?: NewTopics | undefined;
}

/** What has waited until it was due. */
export interface Moved {
  /** The runs it was kept as, by their ids. */
  readonly runs: readonly number[];
  /** Its messages' ids, as they were stored, where they are still to be known. */
  readonly ids: string | undefined;
}

/**
 * Messages of a run that follow one another, all of them mostly, with the answer to them. It is what the
 * store is given as well: there is one object for each run, and no more.
 */
export class Piece implements Delayed {
  readonly part: Run | undefined;
  readonly acknowledgement: Acknowledgement;
  readonly moved: Moved | undefined;
  readonly mayBegin: MayBegin | undefined;
  /** Bytes that its objects count, beside its messages'. */
  readonly overhead: number;
  /** Bytes it makes the broker keep. */
  readonly weight: number;
  /** Whether it waits to be taken into a commit. */
  waits = true;
  /** Whether its messages are in one that was stored. */
  isStored = false;
  readonly #newTopics: NewTopics | undefined;
  /** Where it stands among those that bring ids; undefined: it brings none, or has been answered. */
  claim: number | undefined = undefined;
  /** Of its publisher's the one behind it, as long as both wait. */
  after: Piece | undefined = undefined;
  repetition: Repetition | undefined;
  /** It is stored if this one is, of what is not to be stored itself; undefined: it is stored already. */
  claimant: Piece | undefined;
  /** Those that repeat messages of it. */
  repeatedBy: Repetition[] | undefined = undefined;

  constructor({ part, acknowledgement, repetition, claimant, moved, mayBegin, newTopics }: PieceOptions) {
    this.part = part;
    this.moved = moved;
    this.acknowledgement = acknowledgement;
    this.repetition = repetition;
    this.claimant = claimant;
    this.mayBegin = mayBegin;
    this.#newTopics = newTopics;
    let overhead = PIECE_BYTES;
    let bytes = 0;
    if (part !== undefined) {
      const { records, ids } = part;
      bytes = records.end - records.start;
      overhead += CLAIM_BYTES * ids.length;
    }
    this.overhead = overhead;
    this.weight = overhead + bytes;
  }

  get topic(): string {
    return this.#stored.route.topic;
  }
  get count(): number {
    return this.#stored.count;
  }
  get bytes(): Uint8Array {
    return this.#stored.records.view;
  }
  get ids(): string | undefined {
    if (this.moved !== undefined) return this.moved.ids;
    const { ids } = this.#stored;
    return ids.length === 0 ? undefined : showSpans(ids);
  }
  get ttl(): number | undefined {
    return this.#stored.ttl;
  }

  /** Asked only of one that is delayed. */
  get due(): number {
    return this.#stored.due!;
  }
  /** Whether it is to be stored, but to be appended to its topic later. */
  get isDelayed(): boolean {
    return this.part?.due !== undefined;
  }

  /** Its topic has begun with it: what was taken for that is spent. */
  began(): void {
    this.#newTopics?.began(this.topic);
  }

  /** It has been answered. */
  release(): void {
    this.#newTopics?.giveBack(this.topic);
    // or each that repeats it would keep it, and what it repeats itself, and so on
    this.repetition = this.repeatedBy = this.claimant = undefined;
    this.part?.release();
  }

  /** Asked only of one that is to be stored. */
  get #stored(): Run {
    if (this.part === undefined) throw new TypeError("what is stored already is not stored again");
    return this.part;
  }
}

/**
 * A run of which some messages repeat what is not stored yet, or that comes behind such. Its pieces go into
 * no commit before those do, or it would be acknowledged for what is not stored (D6) and what comes behind
 * would overtake it (D1); where those are refused, what is left of it is as well.
 */
export class Repetition {
  readonly #claimants: Piece[] = [];
  /** Those before it have gone into a commit. */
  #at = 0;
  #pieces: readonly Piece[] = [];

  /** A message of it repeats one of this piece. */
  repeats(claimant: Piece): void {
    const others = claimant.repeatedBy ??= [];
    // those of one run come one after the other
    if (others.at(-1) === this) return;
    others.push(this);
    this.#claimants.push(claimant);
  }

  /** What it is made of, in its order. */
  consistsOf(pieces: readonly Piece[]): void {
    this.#pieces = pieces;
  }

  /** What it has to wait for; undefined: nothing more. */
  get blocker(): Piece | undefined {
    for (; this.#at < this.#claimants.length; this.#at++) {
      const claimant = this.#claimants[this.#at]!;
      // what comes twice in one read keeps its order anyhow
      if (claimant.waits && claimant.repetition !== this) return claimant;
    }
    return undefined;
  }

  /** Its pieces, given once. */
  takeAll(): readonly Piece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}
