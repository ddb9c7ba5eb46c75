/**
 * Runs on their way into the store: collected while a commit runs, stored together with one fsync, then
 * delivered, then acknowledged.
 *
 * @module
 */
import { HAND_ON_WORK, LOG_HIGH_WATER } from "../../limits.ts";
import type { Commit, CommitOutcome, Stored } from "../../store/types.ts";
import type { SubscribedRoute } from "../routing.ts";
import type { CommitsSnapshot, Gate, Publisher } from "../types.ts";
import type { CommitLogOptions } from "./commit_log_options.ts";
import { commitOf } from "./commit_parts.ts";
import { CommitPace } from "./commit_pace.ts";
import type { News } from "./news.ts";
import type { Piece } from "./piece.ts";
import { acknowledgeKnown, refusePieces, unbegunOf, type Why } from "./refusals.ts";
import { WaitingPieces } from "./waiting_pieces.ts";
import { WaitingRoom } from "./waiting_room.ts";

/** What is being stored. */
interface Committing {
  readonly published: readonly Piece[];
  readonly news: News | undefined;
  /** All of it that is messages. */
  readonly pieces: readonly Piece[];
  /** What the store was given; undefined: nothing of it is new. */
  readonly commit: Commit | undefined;
}

/** A commit that is stored, while it is handed on. */
interface HandingOn {
  readonly pieces: readonly Piece[];
  readonly stored: readonly Stored[];
  /** The piece that comes next, and of those that have been stored just now. */
  at: number;
  storedAt: number;
  last: Stored | undefined;
}

/**
 * Guarantees: a run is delivered and acknowledged after the commit that holds it, in the order of {@link
 * append} (D1); one that cannot be stored is refused and not delivered (D7); what comes while a commit runs
 * goes into the next (group commit), as far as one takes it: none is so large that it holds up those behind
 * it. A commit is handed on in slices, a turn between two of them, while the store is busy with the next.
 * After `lost` nothing of what was not stored is answered.
 */
export class CommitLog implements Gate {
  readonly #options: CommitLogOptions;
  readonly #waiting = new WaitingPieces();
  readonly #pace = new CommitPace();
  readonly #room = new WaitingRoom();
  /** Milliseconds that the store has taken for commits so far. */
  #commitTime: number;
  #messages = 0;
  #committing = false;
  #keepingUp = false;
  /** Whether the last commit was that of those alone who had nothing waiting. */
  #short = false;
  /** Stored commits, of which the first is being handed on; at most two. */
  readonly #stored: HandingOn[] = [];
  /** Whether that is going on, in a later turn where it is not at this moment. */
  #handing = false;
  #announced = false;
  /** Bytes that wait to be committed, are being, or are being handed on: with the objects it takes. */
  #bytes = 0;
  /** How many pieces those are. */
  #pieces = 0;
  /** Of the bytes what the objects take, and what of that is counted in the memory of all. */
  #overhead = 0;
  #counted = 0;
  #delivered: number;
  #begun: number;
  /** Something is handed on at this moment: nobody begins with it from within. */
  #inHand = false;
  #lost = false;
  #trouble: string | undefined;
  #notFull: Array<() => void> = [];
  #idle: Array<() => void> = [];

  constructor(options: CommitLogOptions) {
    this.#options = options;
    const { last, commitTime } = options.store.state;
    this.#delivered = this.#begun = last;
    this.#commitTime = commitTime;
  }

  get full(): boolean {
    return this.#isOver(1);
  }

  /**
   * Whether a publisher has to wait, who waits until it is not {@link full}: who has something waiting does
   * then, and others only when these have filled it once more. Or one that floods would hold up everybody.
   */
  isFullFor(publisher: Publisher | undefined): boolean {
    if (!this.full) return false;
    return publisher === undefined || this.#waiting.has(publisher) || this.#isOver(2);
  }

  /** Whether it is so many times as full as it may be. */
  #isOver(times: number): boolean {
    if (this.#pieces >= times * this.#room.most) return true;
    return this.#bytes > 0 && this.#bytes >= Math.min(times * LOG_HIGH_WATER, this.#options.memory.share);
  }

  /** The last batch whose messages have all been handed on. */
  get delivered(): number {
    return this.#delivered;
  }

  /** The last batch of which anything is handed on: beyond {@link delivered} in the midst of a commit. */
  get begun(): number {
    return this.#begun;
  }

  /** What was stored since it began. */
  get commits(): CommitsSnapshot {
    return { messages: this.#messages, times: this.#pace.times };
  }

  /** Whether all that was appended has been answered. */
  get idle(): boolean {
    return this.#isIdle;
  }

  /** Why the last commit was not stored; undefined: it was, or there was none. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  whenNotFull(callback: () => void): void {
    if (this.full) this.#notFull.push(callback);
    else callback();
  }

  /** Calls back once when everything that was appended has been answered, or nothing will be any more. */
  whenIdle(callback: () => void): void {
    if (this.#isIdle) callback();
    else this.#idle.push(callback);
  }

  /** Takes messages of a publisher to be stored; those of one run one after the other. */
  append(piece: Piece, publisher: Publisher): void {
    this.#hold(piece);
    this.#waiting.add(piece, publisher);
    this.announce();
  }

  /** There is something to be stored: what comes until the next flush is one commit with it. */
  announce(): void {
    if (this.#announced || this.#committing) return;
    this.#announced = true;
    this.#options.flushes.add(this);
  }

  /** The read that brought the first of them has been handled: what waits by now is one commit. */
  ready(): void {
    this.#announced = false;
    this.#count();
    // one commit may wait to be handed on behind another: with more, what was stored would pile up
    if (this.#committing || this.#lost || this.#isEmpty || this.#stored.length > 1) return;
    if (this.#keepingUp) return;
    const due = this.#options.store.upkeepDue === true;
    const short = !this.#short && this.#waiting.isShort(this.#pace.most, { hasTo: due });
    if (due && !short) return this.#keepUp();
    this.#short = short;
    this.#commit();
  }

  /** The store does what is due; what comes meanwhile has the commit behind that. */
  #keepUp(): void {
    this.#keepingUp = true;
    this.#options.store.keepUp?.(() => {
      this.#keepingUp = this.#short = false;
      this.#settle();
    });
  }

  get #isIdle(): boolean {
    if (this.#stored.length > 0) return false;
    return this.#lost || (!this.#committing && this.#isEmpty);
  }

  /** Whether nothing waits that is worth a commit. */
  get #isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#options.news?.due !== true;
  }

  #commit(): void {
    const published = this.#waiting.take(this.#pace.most, { short: this.#short });
    const news = this.#options.news?.take();
    this.#room.took(published.length);
    this.#committing = true;
    const pieces = this.#withNews(published, news);
    // a run whose messages are all stored already only waits for its turn to be acknowledged
    const commit = commitOf(pieces, { news, topicsMost: this.#options.topics.most });
    const of: Committing = { published, news, pieces, commit };
    if (commit === undefined) return this.#committed(of, { kind: "stored", stored: [] });
    this.#options.store.commit(commit, (outcome) => this.#committed(of, outcome));
  }

  #withNews(published: readonly Piece[], news: News | undefined): readonly Piece[] {
    if (news === undefined || news.pieces.length === 0) return published;
    for (const piece of news.pieces) this.#hold(piece);
    return [...published, ...news.pieces];
  }

  #committed(of: Committing, outcome: CommitOutcome): void {
    const { published, news } = of;
    this.#committing = false;
    switch (outcome.kind) {
      case "lost":
        this.#lost = true;
        this.#trouble = outcome.reason;
        this.#options.onLost(outcome.reason);
        return this.#settle();
      case "refused":
        this.#trouble = outcome.reason;
        this.#options.onRefused(outcome.reason);
        this.#refuse(published, () => ({ code: "STORE", reason: outcome.reason }));
        for (const piece of news?.pieces ?? []) this.#letGo(piece);
        news?.refused(outcome.reason);
        break;
      case "stored": {
        const { stored } = outcome;
        const pieces = this.#withoutUnbegun(of, outcome);
        const { commitTime } = this.#options.store.state;
        const bytes = pieces.reduce((sum, { weight }) => sum + weight, 0);
        this.#pace.took(commitTime - this.#commitTime, { pieces: pieces.length, bytes });
        this.#commitTime = commitTime;
        if (news !== undefined || pieces.some(({ part }) => part !== undefined)) this.#trouble = undefined;
        this.#stored.push({ pieces, stored, at: 0, storedAt: 0, last: undefined });
        for (const piece of pieces) {
          if (piece.part === undefined) continue;
          piece.isStored = true;
          this.#messages += piece.part.count;
          const route = piece.part.route as SubscribedRoute;
          route.begun = true;
          if (!piece.isDelayed) route.stored = true;
        }
        news?.stored();
        // the store first: it works meanwhile
        this.ready();
        if (!this.#handing) this.#handOn();
      }
    }
    this.#settle();
  }

  /**
   * Hands on at once what is left of a commit that is being handed on: whoever has to know what has been
   * handed on finds none in part, but where this is called from within handing on.
   */
  finish(): void {
    const of = this.#stored[0];
    if (this.#inHand || of === undefined || of.at === 0) return;
    this.#inHand = true;
    while (of.at < of.pieces.length) this.#handOnNext(of);
    this.#handedOn(of);
    this.#inHand = false;
  }

  /** Hands on a slice of the first commit, and the others behind it. */
  #handOn(): void {
    this.#inHand = this.#handing = true;
    let work = 0;
    for (let of = this.#stored[0]; of !== undefined && work < HAND_ON_WORK; of = this.#stored[0]) {
      if (of.at === 0) {
        this.#begun = of.stored.reduce((last, { batch }) => Math.max(last, batch), this.#begun);
      }
      while (of.at < of.pieces.length && work < HAND_ON_WORK) work += 1 + this.#handOnNext(of);
      if (of.at === of.pieces.length) this.#handedOn(of);
    }
    this.#inHand = false;
    this.#handing = this.#stored.length > 0;
    if (!this.#handing) return;
    this.#options.later(() => {
      this.#handOn();
      this.#settle();
    });
  }

  /** All of a commit has been handed on. */
  #handedOn({ last }: HandingOn): void {
    this.#stored.shift();
    this.#delivered = this.#begun;
    if (last !== undefined) this.#options.onCommitted(last);
    this.ready();
  }

  #handOnNext(of: HandingOn): number {
    return this.#handOnOne(of.pieces[of.at++]!, of);
  }

  /** Delivers and acknowledges; to how many it went. */
  #handOnOne(piece: Piece, of: HandingOn): number {
    const { part, acknowledgement } = piece;
    const { level } = this.#options;
    let reached = 0;
    if (part?.due !== undefined) this.#options.onDelayed(part.due);
    if (part === undefined || part.due !== undefined) {
      acknowledgeKnown(acknowledgement, level);
    } else {
      const where = of.stored[of.storedAt++]!;
      if (where.first === 1) piece.began();
      part.stored = where;
      if (of.last === undefined || where.batch >= of.last.batch) of.last = where;
      reached = this.#options.deliver(part);
      const last = where.first + part.count - 1;
      acknowledgement.acknowledge({ reached, level, last, topic: part.route.topic });
    }
    this.#letGo(piece);
    return reached;
  }

  /** Of a commit that is stored what is in it; what is not, for its topic might not begin, is refused. */
  #withoutUnbegun(
    { pieces, commit }: Committing,
    { unbegun, begun = [] }: Extract<CommitOutcome, { kind: "stored" }>,
  ): readonly Piece[] {
    for (const place of begun) (commit?.delayed?.[place] as Piece).began();
    if (unbegun === undefined || commit === undefined) return pieces;
    const { topics, onUnbegun } = this.#options;
    const out = unbegunOf(pieces, commit, unbegun);
    for (const piece of out) if (piece.part !== undefined) onUnbegun(topics.reasonOf(piece));
    this.#refuse([...out], (piece) => ({ code: "TOO_MANY_TOPICS", reason: topics.reasonOf(piece) }));
    return pieces.filter((piece) => !out.has(piece));
  }

  #refuse(pieces: readonly Piece[], why: (piece: Piece) => Why): void {
    const { level, onRunRefused } = this.#options;
    const letGo = (piece: Piece): void => this.#letGo(piece);
    refusePieces(pieces, why, { waiting: this.#waiting, level, onRunRefused, letGo });
  }

  #hold(piece: Piece): void {
    this.#bytes += piece.weight;
    this.#overhead += piece.overhead;
    this.#pieces++;
  }

  #letGo(piece: Piece): void {
    this.#bytes -= piece.weight;
    this.#overhead -= piece.overhead;
    this.#pieces--;
    this.#options.claims.delete(piece);
    piece.release();
  }

  /** Whoever waits is told of what has changed. */
  #settle(): void {
    this.ready();
    if (!this.full) callAll(this.#notFull);
    if (this.#isIdle) callAll(this.#idle);
    this.#options.flushes.flush();
  }

  /** Counts the memory that objects take; the bytes lie in chunks, which count by themselves. */
  #count(): void {
    const { memory } = this.#options;
    memory.hold(this.#overhead - this.#counted);
    this.#counted = this.#overhead;
  }
}

function callAll(callbacks: Array<() => void>): void {
  for (const callback of callbacks.splice(0)) callback();
}
