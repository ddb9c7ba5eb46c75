/**
 * What a commit is made of.
 *
 * @module
 */
import { showSpans } from "../../id_spans.ts";
import { PIECE_BYTES } from "../../limits.ts";
import type { Append } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { Acknowledgement } from "../types.ts";

/** What is known of a piece. */
export interface PieceOptions {
  /** What is to be stored, the run or a part of it; undefined: it is stored already, or is being. */
  readonly part: Run | undefined;
  readonly acknowledgement: Acknowledgement;
  /** Whether others of its run are stored already. */
  readonly repeats: boolean;
  /** Whether it is the last of its run, which is done with then. */
  readonly last: boolean;
}

/**
 * Messages of a run that follow one another, all of them mostly, with the answer to them. It is what the
 * store is given as well: there is one object for each run, and no more.
 */
export class Piece implements Append {
  /** What it counts beside its messages' bytes. */
  static readonly BYTES = PIECE_BYTES;
  readonly part: Run | undefined;
  readonly acknowledgement: Acknowledgement;
  /** Whether any message of its run is acknowledged for one that others brought. */
  readonly repeats: boolean;
  /** Bytes it makes the broker keep. */
  readonly weight: number;
  readonly #run: Run;
  readonly #last: boolean;

  /** `run`: as it came, kept; the last piece releases it. */
  constructor(run: Run, { part, acknowledgement, repeats, last }: PieceOptions) {
    this.#run = run;
    this.part = part;
    this.acknowledgement = acknowledgement;
    this.repeats = repeats;
    this.#last = last;
    const records = part?.records;
    this.weight = PIECE_BYTES + (records === undefined ? 0 : records.end - records.start);
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
    const { ids } = this.#stored;
    return ids.length === 0 ? undefined : showSpans(ids);
  }
  get ttl(): number | undefined {
    return this.#stored.ttl;
  }

  /** It has been answered. */
  release(): void {
    if (this.part !== this.#run) this.part?.release();
    if (this.#last) this.#run.release();
  }

  /** Asked only of one that is to be stored. */
  get #stored(): Run {
    return this.part ?? this.#run;
  }
}
