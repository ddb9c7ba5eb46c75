/**
 * A connection as a member of a group: what it is given, and what of it goes back.
 *
 * @module
 */
import { type ChunkPool, Slice } from "../buffers.ts";
import type {
  Acknowledgement,
  Engine,
  GivingBack,
  Joining,
  JoinOutcome,
  Member,
  Membership,
  SequenceSpan,
} from "../engine/types.ts";
import { readSharedHeader } from "../wire/batch.ts";
import { RECORDS } from "../wire/encoding.ts";
import { Run } from "../wire/run.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { receivingOf } from "./permissions.ts";
import { Segment, type SegmentOwner } from "./outbox/segment.ts";
import type { Speaker } from "./subscription.ts";

/** Whose connection it is. */
export interface GroupMemberOwner extends Speaker {
  readonly engine: Engine;
  readonly outbox: Outbox;
  readonly pool: ChunkPool;
}

/** How a group is joined, but for who is told when it is. */
export type MemberTerms = Omit<Joining, "joined">;

/**
 * Guarantee: what it is given is written to its connection or goes back to the group, never both (G4, G9).
 * What has begun to be written is not known to have arrived, and counts as written.
 */
export class GroupMember implements Member, SegmentOwner {
  readonly #owner: GroupMemberOwner;
  readonly terms: MemberTerms;
  readonly #membership: Membership;
  readonly #denied: () => void;
  /** Whose what is stored is, while it waits: told apart, since it goes back even when the member leaves. */
  readonly #stored: SegmentOwner;
  /** What it was given and cannot send. */
  #unsent: Run[] = NOTHING;
  #window: number;
  /** Undefined: it is not known yet. */
  #outcome: JoinOutcome | undefined;
  #asking: Array<(outcome: JoinOutcome) => void> = NOBODY;
  /** It has left, and what it sends is nobody's business any more. */
  #over = false;

  constructor(
    terms: MemberTerms,
    owner: GroupMemberOwner,
    { refused, denied }: {
      /** It is none, after all. */
      readonly refused: (none: GroupMember) => void;
      /** It was given what it may not receive: it is to leave, but not while it is given anything. */
      readonly denied: () => void;
    },
  ) {
    this.#denied = denied;
    this.#owner = owner;
    this.terms = terms;
    this.#window = terms.window;
    this.#stored = {
      takeGap: () => undefined,
      left: ({ count }) => this.#passed(count),
      takeBack: (segment) => this.takeBack(segment),
      outlived: (segment) => this.#outlived(segment),
    };
    this.#membership = owner.engine.join({
      ...terms,
      joined: (outcome) => {
        if (outcome.kind === "refused") refused(this);
        this.#joined(outcome);
      },
    }, this);
  }

  get full(): boolean {
    return this.#owner.outbox.aboveHighWater;
  }

  whenNotFull(callback: () => void): void {
    this.#owner.outbox.whenNotFull(callback);
  }

  /** What became of joining; called back at once where that is known. */
  whenJoined(callback: (outcome: JoinOutcome) => void): void {
    if (this.#outcome !== undefined) callback(this.#outcome);
    else if (this.#asking === NOBODY) this.#asking = [callback];
    else this.#asking.push(callback);
  }

  /**
   * Stored ones behind their numbers (G7). Who joins may receive all of the pattern (P4), so what it is asked
   * here is asked for the second time.
   */
  give(run: Run, attempt: number): void {
    const { outbox, protocol } = this.#owner;
    const { count, expires, stored } = run;
    if (outbox.closed) return this.#keep(run.kept(0, count));
    if (receivingOf(this.#owner)?.mayReceive(run.route.topic) === false) {
      this.#keep(run.kept(0, count));
      return this.#denied();
    }
    const slice = protocol.shared!(run, { group: this.terms.name, attempt });
    const owner = stored === undefined ? this : this.#stored;
    outbox.put(new Segment(slice, count, { owner, expires }));
    slice.chunk.release();
  }

  /** Messages that it may hold. */
  get window(): number {
    return this.#window;
  }

  resize(window: number): void {
    this.#window = window;
    this.#membership.resize(window);
  }

  /** As {@link Membership.settle}. */
  settle(topic: string, span: SequenceSpan, answer: Acknowledgement): boolean {
    return this.#membership.settle(topic, span, answer);
  }

  /** As {@link Membership.holdsAll}. */
  holdsAll(topic: string, span: SequenceSpan): boolean {
    return this.#membership.holdsAll(topic, span);
  }

  /** As {@link Membership.giveBack}. */
  giveBack(topic: string, span: SequenceSpan, how: GivingBack): boolean {
    return this.#membership.giveBack(topic, span, how);
  }

  /** As {@link Membership.extend}. */
  extend(topic: string, span: SequenceSpan): boolean {
    return this.#membership.extend(topic, span);
  }

  /** What is queued still leaves, but for what is stored: that goes to others, who can settle it. */
  end(): void {
    this.#owner.outbox.recall(this.#stored);
    this.#over = true;
    this.#leave();
  }

  /** The connection is gone. */
  close(): void {
    this.#owner.outbox.recall(this.#stored);
    this.#owner.outbox.recall(this);
    this.#leave();
  }

  /** Told in its place, to one of them (G10). */
  missed(messages: number): void {
    const { outbox, protocol } = this.#owner;
    const gap = protocol.gap(this.terms.pattern, messages, this.terms.name);
    if (gap !== undefined) outbox.reply(gap);
    outbox.countDropped(messages);
  }

  failed(reason: string): void {
    const { name, pattern } = this.terms;
    const notice = this.#owner.protocol.notice({ failed: pattern, group: name, reason });
    if (notice !== undefined) this.#owner.outbox.reply(notice);
  }

  takeGap(): undefined {}

  left(segment: Segment): void {
    this.#passed(segment.count);
  }

  takeBack({ chunk, start, end, expires }: Segment): boolean {
    if (this.#over) return false;
    const { engine, pool } = this.#owner;
    for (let at = start; at < end;) {
      const { topic, count, length, records, from } = readSharedHeader(chunk.bytes, at);
      at = records + length;
      const run = new Run(new Slice(chunk, records, at), {
        route: engine.routeOf(topic),
        encoding: RECORDS,
        count,
        pool,
        hasFields: true,
        ttl: undefined,
        expires,
      });
      if (from !== undefined) run.stored = { ...from, batch: NO_BATCH };
      run.keep();
      this.#keep(run);
    }
    return true;
  }

  #passed(messages: number): void {
    if (!this.#over) this.#membership.passed(messages);
  }

  /**
   * Nobody has got it, and nobody will: it is done with. To be held until its lease is over would keep a
   * place of the window for as long.
   */
  #outlived({ chunk, start, end }: Segment): void {
    for (let at = start; at < end;) {
      const { topic, count, length, records, from } = readSharedHeader(chunk.bytes, at);
      at = records + length;
      if (from === undefined) continue;
      const span = { from: from.first, end: from.first + count };
      this.#membership.settle(topic, span, UNASKED);
    }
  }

  #joined(outcome: JoinOutcome): void {
    this.#outcome = outcome;
    const asking = this.#asking;
    this.#asking = NOBODY;
    for (const callback of asking) callback(outcome);
  }

  #leave(): void {
    const unsent = this.#unsent;
    this.#unsent = NOTHING;
    this.#membership.leave(unsent);
    // who leaves before it is known whether it is a member has been one
    if (this.#outcome === undefined) this.#joined({ kind: "joined" });
  }

  #keep(run: Run): void {
    if (this.#unsent === NOTHING) this.#unsent = [];
    this.#unsent.push(run);
  }
}

/** Who is told what became of what nobody has asked for. */
const UNASKED: Acknowledgement = { acknowledge: () => {}, refuse: () => {} };
/** In the place of the batch that a run is in: what comes back is known by its sequence numbers. */
const NO_BATCH = 0;
/** Shared by all who have sent what they were given: never written to. */
const NOTHING: Run[] = [];
const NOBODY: Array<(outcome: JoinOutcome) => void> = [];
