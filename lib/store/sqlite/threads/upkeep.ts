/**
 * What keeps the store in shape, in slices between two commits: trimming, forgetting ids, giving room back,
 * checkpoints.
 *
 * @module
 */
import type { LogFields } from "../../../log.ts";
import type { NewBatch } from "../../log/group.ts";
import { trimmedOf, Trimmer } from "../../log/retention.ts";
import { RetentionClock } from "../../log/retention_clock.ts";
import type { RetentionRules, Trimmed } from "../../types.ts";
import { reasonOf } from "../errors.ts";
import { RECENT_LENGTH_MOST } from "../recent_ids.ts";
import type { Writer } from "../writer/writer.ts";
import type { Note } from "./messages.ts";

/** How many windows ids are kept for: who remembers them keeps them a little longer than one. */
const IDS_KEPT = 1.5;
/** The part of `retain.bytes` that ids may take. */
const IDS_PART = 1 / 4;

/** Milliseconds that a slice of upkeep may take, where the commit before it took no longer. */
const SLICE_MS = 5;

/** What is kept, and who hears of what was done. */
export interface UpkeepOptions {
  readonly retain: RetentionRules;
  readonly dedupWindow: number;
  readonly note: (level: Note["level"], event: string, fields?: LogFields) => void;
  /** These are deleted: told at once, for who reads may see that they are gone. */
  readonly trimmed: (what: Trimmed) => void;
}

/**
 * A commit never waits for more than one slice, which takes about as long as the commit before it: so what
 * is taken away keeps up with what comes, whatever that is. What fails is noted and tried again, unless
 * the store is lost.
 */
export class Upkeep {
  readonly #writer: Writer;
  readonly #note: UpkeepOptions["note"];
  readonly #tellTrimmed: UpkeepOptions["trimmed"];
  readonly #trimmer: Trimmer;
  readonly #clock: RetentionClock;
  readonly #dedupWindow: number;
  /** Characters of ids that are kept at most. */
  readonly #idsMost: number;
  /** When ids are forgotten next, by `performance.now()`. */
  #forgetDue = 0;
  #trimmed = 0;
  /** Milliseconds for the next slice. */
  #budget = SLICE_MS;
  #more = false;
  /** Whether it has been said that groups hold back what would be deleted. */
  #toldHeldBack = false;
  /** Why the last checkpoint failed, if it did. */
  #checkpointProblem: string | undefined;

  constructor(writer: Writer, { retain, dedupWindow, note, trimmed }: UpkeepOptions) {
    this.#writer = writer;
    this.#note = note;
    this.#tellTrimmed = trimmed;
    this.#dedupWindow = dedupWindow;
    this.#idsMost = Math.min(RECENT_LENGTH_MOST, (retain.bytes ?? Infinity) * IDS_PART);
    this.#trimmer = new Trimmer(writer, retain);
    this.#clock = new RetentionClock(writer.identity.clock, performance.now());
  }

  /** Messages that were trimmed. */
  get trimmed(): number {
    return this.#trimmed;
  }

  /** Whether the next slice has something to do at once. */
  get more(): boolean {
    return this.#more;
  }

  /** These were stored. */
  added(batches: readonly NewBatch[]): void {
    if (!this.#trimmer.active) return;
    for (const { topic, start, end } of batches) this.#trimmer.added(this.#writer.idOf(topic), end - start);
  }

  /** Whether {@link committed} would take as long as a large commit. */
  get isLong(): boolean {
    return this.#writer.checkpointDue;
  }

  /** A commit was answered that took so many milliseconds. */
  committed(took: number): void {
    if (this.#writer.checkpointDue) this.#checkpoint();
    this.#budget = Math.max(SLICE_MS, took);
    const due = this.#trimmer.due(this.#clock.now) || this.#writer.hasMoreIds(this.#idsMost);
    if (!this.#more && due) this.slice();
  }

  /** Nothing else may have happened for a while. */
  tick(): void {
    this.#writer.look();
    if (this.#writer.walUsed) this.#checkpoint();
    this.slice();
  }

  /** One slice of everything. */
  slice(): void {
    this.#more = false;
    if (this.#writer.lost !== undefined) return;
    if (this.#clock.tick(Date.now(), performance.now())) {
      this.#note(
        "warn",
        "the clock jumped ahead: messages grow old no faster than ten times the pace of time",
      );
    }
    this.#writer.setClock(this.#clock.now);
    const until = performance.now() + this.#budget;
    this.#budget = SLICE_MS;
    do {
      let more = this.#trim();
      more = this.#forgetIds() || more;
      more = this.#writer.giveBack() || more;
      if (this.#writer.checkpointDue) this.#checkpoint();
      this.#more = more;
    } while (this.#more && performance.now() < until);
  }

  #trim(): boolean {
    if (!this.#trimmer.active) return false;
    try {
      const { more, messages, batches } = this.#trimmer.step(this.#clock.now);
      this.#trimmed += messages;
      if (batches.length > 0) this.#tellTrimmed(trimmedOf(batches, this.#writer));
      if (messages > 0) this.#note("debug", "old messages deleted", { messages });
      this.#tellHeldBack(this.#trimmer.heldBack);
      return more;
    } catch (error) {
      this.#note("error", "old messages cannot be deleted", { reason: reasonOf(error) });
      return false;
    }
  }

  /** Says once that messages stay for groups that have not settled them, until none does any more. */
  #tellHeldBack(bytes: number): void {
    const holds = bytes > 0;
    if (holds && !this.#toldHeldBack) {
      const event = "groups have not settled messages that would be deleted: they stay (--retain-groups)";
      this.#note("warn", event, { bytes });
    }
    this.#toldHeldBack = holds;
  }

  /** Forgets ids whose window is over, a slice each time it is due; whether there are more. */
  #forgetIds(): boolean {
    const now = performance.now();
    const most = this.#idsMost;
    if (now < this.#forgetDue && !this.#writer.hasMoreIds(most)) return false;
    try {
      if (this.#writer.forgetIds({ window: IDS_KEPT * this.#dedupWindow, most })) return true;
    } catch (error) {
      this.#note("error", "old ids cannot be forgotten", { reason: reasonOf(error) });
    }
    this.#forgetDue = now + this.#dedupWindow / 8;
    return false;
  }

  #checkpoint(): void {
    const reason = this.#writer.checkpoint()?.reason;
    // a full disk stays full for a while, and each tick tries again
    if (reason !== undefined && reason !== this.#checkpointProblem) {
      this.#note("error", "the write-ahead log cannot be moved into the database", { reason });
    }
    this.#checkpointProblem = reason;
  }
}
