/**
 * A connection as a member of a group: what it is given, and what of it goes back.
 *
 * @module
 */
import { type ChunkPool, Slice } from "../buffers.ts";
import type { Engine, Joining, Member, Membership } from "../engine/types.ts";
import { readSharedHeader } from "../wire/batch.ts";
import { RECORDS } from "../wire/encoding.ts";
import { Run } from "../wire/run.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { Segment, type SegmentOwner } from "./outbox/segment.ts";
import type { Speaker } from "./subscription.ts";

/** Whose connection it is. */
export interface GroupMemberOwner extends Speaker {
  readonly engine: Engine;
  readonly outbox: Outbox;
  readonly pool: ChunkPool;
}

/**
 * Guarantee: what it is given is written to its connection or goes back to the group, never both (G4). What
 * has begun to be written is not known to have arrived, and counts as written.
 */
export class GroupMember implements Member, SegmentOwner {
  readonly #owner: GroupMemberOwner;
  readonly group: string;
  /** Canonical. */
  readonly pattern: string;
  readonly #membership: Membership;
  /** What it was given and cannot send. */
  #unsent: Run[] = NOTHING;
  #window: number;
  /** It has left, and what it sends is nobody's business any more. */
  #over = false;

  constructor(terms: Omit<Joining, "settling" | "from" | "joined">, owner: GroupMemberOwner) {
    this.#owner = owner;
    this.group = terms.name;
    this.pattern = terms.pattern;
    this.#window = terms.window;
    const joining = { ...terms, settling: "auto", from: undefined, joined: () => {} } as const;
    this.#membership = owner.engine.join(joining, this);
  }

  get full(): boolean {
    return this.#owner.outbox.aboveHighWater;
  }

  whenNotFull(callback: () => void): void {
    this.#owner.outbox.whenNotFull(callback);
  }

  give(run: Run): void {
    const { outbox, protocol } = this.#owner;
    const { count, expires } = run;
    if (outbox.closed) return this.#keep(run.kept(0, count));
    const slice = protocol.shared!(run, this.group);
    outbox.put(new Segment(slice, count, { owner: this, expires }));
    slice.chunk.release();
  }

  /** Messages that may wait for it. */
  get window(): number {
    return this.#window;
  }

  resize(window: number): void {
    this.#window = window;
    this.#membership.resize(window);
  }

  /** What is queued still leaves. */
  end(): void {
    this.#over = true;
    this.#membership.leave([]);
  }

  /** The connection is gone. */
  close(): void {
    this.#owner.outbox.recall(this);
    this.#membership.leave(this.#unsent);
    this.#unsent = NOTHING;
  }

  missed(): void {}

  failed(): void {}

  takeGap(): undefined {}

  left(segment: Segment): void {
    if (!this.#over) this.#membership.passed(segment.count);
  }

  takeBack({ chunk, start, end, expires }: Segment): boolean {
    if (this.#over) return false;
    const { engine, pool } = this.#owner;
    for (let at = start; at < end;) {
      const { topic, count, length, records } = readSharedHeader(chunk.bytes, at);
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
      run.keep();
      this.#keep(run);
    }
    return true;
  }

  #keep(run: Run): void {
    if (this.#unsent === NOTHING) this.#unsent = [];
    this.#unsent.push(run);
  }
}

/** Shared by all who have sent what they were given: never written to. */
const NOTHING: Run[] = [];
