/**
 * A subscription: whose messages these are, and what becomes of them when they do not fit.
 *
 * @module
 */
import { Slice } from "../buffers.ts";
import type { Receiving, ReplaySubscriber } from "../engine/types.ts";
import { SEGMENT_BYTES } from "../limits.ts";
import type { Protocol } from "../protocols/types.ts";
import { SLOW_POLICIES, type SlowPolicy } from "../slow_policy.ts";
import { namesRequester } from "../topics/reply_topic.ts";
import type { Encoding } from "../wire/encoding.ts";
import type { Run } from "../wire/run.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { type Granted, receivingButAnswers, receivingOf } from "./permissions.ts";
import { closeUp, GONE, NO_CHUNK, Segment, type SegmentOwner } from "./outbox/segment.ts";

/**
 * Shared by all that never use theirs: there is one subscription a connection at least, and most connections
 * are idle.
 */
const NONE: Segment[] = [];
const NO_LATEST: Map<string, Segment> = new Map();

/** How a connection takes its messages, and which; the session has it, and changes it. */
export interface Speaker extends Granted {
  readonly protocol: Protocol;
}

/**
 * A pattern of one connection with its policy, or all of its patterns that need nothing of their own. Of
 * several that want a message the one gets it whose policy keeps most (V8). Guarantee: every message that is
 * delivered here leaves or is counted, and where the protocol tells gaps, named in one in its place (V9).
 */
export class Subscription implements ReplaySubscriber, SegmentOwner {
  readonly policy: SlowPolicy;
  readonly #outbox: Outbox;
  readonly #speaker: Speaker;
  /** Named in a gap; empty: gaps are counted but not told. */
  readonly #pattern: string;
  /** Whether that names a requester, whose answers come then (P5). */
  readonly #takesAnswers: boolean;
  /** Segments that wait and may still be taken out, oldest first (drop-old and latest). */
  #queued: Segment[] = NONE;
  /** Those before it are gone. */
  #head = 0;
  /** How many there were when those that were gone were forgotten last. */
  #live = 0;
  /** Bytes it takes to keep those that wait. */
  #held = 0;
  /** The segment of each topic that waits (latest). */
  #latest = NO_LATEST;
  /** Messages that were left out and are told before the next segment of this subscription. */
  #gap = 0;
  /** Of those, such as made room for one of another topic: no message of theirs may come first (latest). */
  #others = 0;
  /** Stands for what was left out last, while nothing of this subscription has come behind it (drop-new). */
  #marker: Segment | undefined;

  constructor(
    policy: SlowPolicy,
    { outbox, speaker, pattern = "" }: {
      readonly outbox: Outbox;
      readonly speaker: Speaker;
      readonly pattern?: string;
    },
  ) {
    this.policy = policy;
    this.#outbox = outbox;
    this.#speaker = speaker;
    this.#pattern = pattern;
    this.#takesAnswers = namesRequester(pattern);
  }

  get rank(): number {
    return -SLOW_POLICIES.indexOf(this.policy);
  }

  get leavesOut(): boolean {
    return this.policy !== "block" && this.policy !== "disconnect";
  }

  get connection(): object {
    return this.#outbox;
  }

  get grant(): Receiving | undefined {
    return this.#takesAnswers ? receivingOf(this.#speaker) : receivingButAnswers(this.#speaker);
  }

  get full(): boolean {
    return this.policy === "block" && this.#outbox.aboveHighWater;
  }

  /** Segments it remembers, for who wants to know that they are few. */
  get remembered(): number {
    return this.#queued.length;
  }

  whenNotFull(callback: () => void): void {
    this.#outbox.whenNotFull(callback);
  }

  /** What blocks leaves nothing out, so it need not know what is to which topic. */
  takesJoined(encoding: Encoding): boolean {
    return this.policy === "block" && this.#speaker.protocol.encoding === encoding;
  }

  deliver(run: Run): void {
    const outbox = this.#outbox;
    if (outbox.closed) return;
    const { policy } = this;
    if (policy === "block") return this.#deliverAlways(run);
    if (policy === "drop-old") return this.#deliverNewest(run);
    if (policy === "latest" && outbox.queued > 0) return this.#deliverLatest(run);
    const slice = this.#speaker.protocol.deliveries(run);
    const { count, expires } = run;
    if (outbox.fits(outbox.costOf(slice))) this.#put(new Segment(slice, count, { expires }));
    else if (policy === "latest") this.#deliverLatest(run);
    else if (policy === "disconnect") outbox.overflow(count);
    else this.#leaveOut(count);
  }

  deliverPage(bytes: Uint8Array<ArrayBuffer>, messages: number): void {
    if (this.#outbox.closed) return;
    const chunk = this.#outbox.adopt(bytes);
    this.#outbox.put(new Segment(new Slice(chunk), messages));
    chunk.release();
  }

  /** Told in its place, as any gap (V9, D3). */
  missed(messages: number): void {
    if (this.#outbox.closed) return;
    const { protocol } = this.#speaker;
    const gap = protocol.tellsGaps ? protocol.gap(this.#pattern, messages) : undefined;
    if (gap !== undefined) this.#outbox.reply(gap);
    this.#outbox.countDropped(messages);
  }

  /** Said in its place (D4): who reads a replay to its end wants to know where that is (D4). */
  caughtUp(how: "live" | "end"): void {
    this.#notice({ [how]: this.#pattern });
  }

  /** Said in its place (D4): what comes for others from here on does not say how far this one is. */
  fellBehind(): void {
    this.#notice({ behind: this.#pattern });
  }

  failed(reason: string): void {
    this.#notice({ failed: this.#pattern, reason });
  }

  takeGap(segment: Segment): Slice | undefined {
    const { protocol } = this.#speaker;
    if (!protocol.tellsGaps || this.#pattern === "") return undefined;
    const gap = protocol.gap(this.#pattern, segment.gap);
    segment.gap = segment.others = 0;
    return gap;
  }

  left(segment: Segment): void {
    if (this.#marker === segment) this.#marker = undefined;
    if (segment.length > 0) this.#held -= SEGMENT_BYTES + heldBy(segment);
    if (segment.topic !== undefined) this.#latest.delete(segment.topic);
  }

  #notice(fields: Readonly<Record<string, unknown>>): void {
    const notice = this.#speaker.protocol.notice(fields);
    if (notice !== undefined) this.#outbox.reply(notice);
  }

  /** Leaves nothing out: there is no gap to be told before it. Its publishers asked {@link full} before. */
  #deliverAlways(run: Run): void {
    const slice = this.#speaker.protocol.deliveries(run);
    const { count, expires } = run;
    this.#outbox.put(
      expires === undefined ? new Segment(slice, count) : new Segment(slice, count, { expires }),
    );
  }

  /** What is too much is left out from the oldest on; where the whole run is, its last message comes. */
  #deliverNewest(run: Run): void {
    const whole = this.#speaker.protocol.deliveries(run);
    if (this.#makeRoom(this.#outbox.costOf(whole))) {
      return void this.#put(new Segment(whole, run.count, { owner: this, expires: run.expires }));
    }
    const newest = this.#speaker.protocol.deliveries(run.newest);
    if (!this.#makeRoomForNewest(this.#outbox.costOf(newest))) return this.#leaveOut(run.count);
    this.#countDropped(run.count - 1);
    this.#put(new Segment(newest, 1, { owner: this, expires: run.expires }));
  }

  /** The run's last message takes the place of what waits of its topic. */
  #deliverLatest(run: Run): void {
    const { expires, count } = run;
    const { topic } = run.route;
    const waiting = this.#latest.get(topic);
    if (waiting !== undefined) this.#takeOut(waiting);
    const slice = this.#speaker.protocol.deliveries(run.newest);
    if (!this.#makeRoomForNewest(this.#outbox.costOf(slice))) return this.#leaveOut(count);
    this.#tellGapEarly();
    this.#countDropped(count - 1);
    // most never wait: an empty map is as large as all else of a subscription
    if (this.#latest === NO_LATEST) this.#latest = new Map();
    this.#latest.set(topic, this.#put(new Segment(slice, 1, { owner: this, topic, expires })));
  }

  /**
   * Whether what costs so much fits, after the oldest of this subscription have been left out: into the
   * outbox, or into its share of it whoever fills it (V7). Where it cannot, nothing is left out.
   */
  #makeRoom(cost: number): boolean {
    const outbox = this.#outbox;
    if (outbox.fits(cost)) return true;
    if (cost > outbox.keepersShare && !outbox.fits(cost, this.#held)) return false;
    while (!outbox.fits(cost) && this.#held + cost > outbox.keepersShare) {
      // what was held is a guess: several may lie in one chunk
      if (!this.#leaveOutOldest()) return false;
    }
    this.#tellGapEarly();
    return true;
  }

  /** As {@link #makeRoom}, for one message. It may have more than the share when nothing else of it waits. */
  #makeRoomForNewest(cost: number): boolean {
    if (this.#makeRoom(cost)) return true;
    if (!this.#outbox.fitsOnTop(cost, this.#held)) return false;
    while (this.#leaveOutOldest());
    return true;
  }

  /** Whether there was one. */
  #leaveOutOldest(): boolean {
    const oldest = this.#oldest();
    if (oldest === undefined) return false;
    const own = this.#gap - this.#others;
    this.#takeOut(oldest);
    this.#others = this.#gap - own;
    return true;
  }

  /**
   * The gap is told before the oldest that is left; with `latest` that of other topics, which would else be
   * told behind messages of theirs that wait, once what it stands before is replaced.
   */
  #tellGapEarly(): void {
    const early = this.policy === "drop-old" ? this.#gap : this.#others;
    const oldest = early === 0 ? undefined : this.#oldest();
    if (oldest === undefined) return;
    oldest.gap += early;
    oldest.others += early;
    this.#gap -= early;
    this.#others = 0;
  }

  #oldest(): Segment | undefined {
    const queued = this.#queued;
    while (this.#head < queued.length && queued[this.#head]!.gone) queued[this.#head++] = GONE;
    return queued[this.#head];
  }

  #takeOut(segment: Segment): void {
    if (segment.gone) return;
    this.left(segment);
    this.#outbox.remove(segment);
    this.#gap += segment.gap;
    this.#others += segment.others;
    // what nobody needs any more is missed by nobody (V9)
    if (!this.#outbox.countExpired(segment)) this.#countDropped(segment.count);
  }

  /** Leaves messages out where the queue ends now. */
  #leaveOut(count: number): void {
    this.#tellGapEarly();
    this.#countDropped(count);
    let marker = this.#marker;
    if (marker === undefined || marker.gone) {
      marker = new Segment(new Slice(NO_CHUNK), 0, { owner: this });
      marker.gap = this.#gap;
      this.#marker = this.#outbox.put(marker);
    } else {
      marker.gap += this.#gap;
    }
    this.#gap = this.#others = 0;
  }

  #countDropped(count: number): void {
    if (count === 0) return;
    this.#gap += count;
    this.#outbox.countDropped(count);
  }

  #put(segment: Segment): Segment {
    this.#marker = undefined;
    segment.gap = this.#gap;
    segment.others = this.#others;
    this.#gap = this.#others = 0;
    const { length } = segment;
    const queued = this.#outbox.put(segment);
    if (segment.owner === undefined) return queued;
    if (queued === segment) this.#held += SEGMENT_BYTES + heldBy(segment);
    else if (queued.holding?.own !== false) this.#held += length;
    this.#remember(queued);
    return queued;
  }

  /**
   * Notes that a segment waits and may be taken out again; forgets those that are gone before they are many.
   */
  #remember(segment: Segment): void {
    if (this.#queued === NONE) this.#queued = [];
    if (this.#queued.at(-1) === segment) return;
    this.#queued.push(segment);
    if (this.#queued.length <= 2 * this.#live + 64) return;
    closeUp(this.#queued, this.#head);
    this.#head = 0;
    this.#live = this.#queued.length;
  }
}

/** Bytes that a segment keeps: its own, or all of somebody else's chunk. */
function heldBy({ holding, chunk, length }: Segment): number {
  return holding?.own === false ? chunk.bytes.length : length;
}
