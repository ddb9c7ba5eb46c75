/**
 * The replays of one connection, which read in turn, and together where they want the same.
 *
 * @module
 */
import { REPLAY_PAGE_BYTES, REPLAY_PAGE_LEAST } from "../../limits.ts";
import type { Cursor, Had, ReadOutcome, SeekOutcome, Store, Trimmed } from "../../store/types.ts";
import { overlap } from "../../topics/overlap.ts";
import type { Receiving, ReplaySubscriber, Subscriber } from "../types.ts";
import { LiveHistory } from "./live_history.ts";
import type { ReadingTurns, Turn } from "./reading_turns.ts";
import type { Replay } from "./replay.ts";

/** What the replays of one engine share. */
export interface FollowingParts {
  readonly store: Pick<Store, "seek" | "read" | "watch">;
  readonly turns: ReadingTurns;
  /** What is handed on in slices is handed on wholly: no commit is known in part here. */
  readonly finish: () => void;
  /** The last batch whose messages have all been handed on to subscribers. */
  readonly handedOn: () => number;
  /** The last batch of which any have been. */
  readonly begun: () => number;
  /** Makes it a subscriber of what is published from now on, or no longer. */
  readonly goLive: (replay: Replay) => void;
  readonly leave: (replay: Replay) => void;
  readonly flush: () => void;
}

/** Replays that read together: what several of them want is given once. */
class Readers {
  readonly replays = new Set<Replay>();
  most = REPLAY_PAGE_LEAST;
  /** Those that are to be tried alone, for together they cannot be read. */
  suspects: Replay[] = [];
}

/**
 * - One request at a time is under way, and none while the connection is full.
 * - A message comes once for all that want it (C5, D8): those that read, read together what they have in
 *   common, and leave out what came live since they began.
 * - Who is stopped is not read for any more, nor is what was asked for in its name waited for.
 */
export class Following implements Turn {
  readonly #parts: FollowingParts;
  readonly #replays = new Set<Replay>();
  readonly #live = new LiveHistory();
  /** Whose beginnings are to be found, one after the other, in the order in which they were asked for. */
  readonly #seeking = new Set<Replay>();
  /** How often all places have come to mean nothing. */
  #fails = 0;
  /** The one that has been read for last stands at the end. */
  #readers: Readers[] = [];
  /** What it waits for: room at its connection, its turn, an answer. */
  #waitsFor: "nothing" | "room" | "turn" | "answer" = "nothing";

  constructor(parts: FollowingParts, besides: Iterable<readonly [string, Subscriber]>) {
    this.#parts = parts;
    for (const [pattern, subscriber] of besides) this.opened(pattern, subscriber, 0);
  }

  /** How many replays it has. */
  get size(): number {
    return this.#replays.size;
  }

  get wants(): number | undefined {
    return this.#seeking.size > 0 ? REPLAY_PAGE_LEAST : this.#readers[0]?.most;
  }

  get frees(): boolean {
    return this.#seeking.size > 0;
  }

  /** Another subscriber of the connection is live. */
  opened(pattern: string, subscriber: Subscriber, since: number = this.#parts.begun()): void {
    this.#live.begin(pattern, subscriber, { since });
  }

  /** It is not any more. */
  closed(pattern: string, subscriber: Subscriber): void {
    this.#live.end(pattern, subscriber, this.#parts.handedOn());
    if (this.#readers.length === 0) this.#live.forget(Infinity);
  }

  start(replay: Replay): void {
    this.#replays.add(replay);
    this.#seeking.add(replay);
    this.#goOn();
  }

  /** One whose beginning is known. */
  resume(replay: Replay, cursor: Cursor): void {
    this.#replays.add(replay);
    replay.since = this.#parts.handedOn();
    replay.state = "reading";
    replay.reached(cursor, { deleted: 0, sought: true });
    this.#read(replay);
    this.#goOn();
  }

  /** Nothing more is wanted of it. */
  stop(replay: Replay): void {
    const { state } = replay;
    replay.stop();
    this.#forget(replay);
    if (state === "live") this.#leave(replay, this.#parts.handedOn());
    // given up before its beginning was found: whoever asked still waits for an answer
    if (state === "seeking") replay.started(NOWHERE);
    if (this.wants !== undefined || this.#waitsFor !== "turn") return;
    this.#parts.turns.remove(this);
    this.#waitsFor = "nothing";
  }

  /** Another subscriber of the connection in the place of a replay's. */
  replace(replay: Replay, subscriber: ReplaySubscriber): void {
    const { state } = replay;
    if (state === "live") this.#leave(replay, this.#parts.handedOn());
    replay.subscriber = subscriber;
    if (state === "live") this.#join(replay, this.#parts.begun());
  }

  /** A live one reads again, for all up to this batch has been handed on to it. */
  fallBack(replay: Replay, batch: number): void {
    if (replay.state !== "live") return;
    this.#leave(replay, batch);
    replay.fallBack(batch);
    this.#read(replay);
    this.#goOn();
  }

  /** All that have a place in what is stored. */
  fail(reason: string): void {
    this.#fails++;
    for (const replay of [...this.#replays]) {
      if (replay.state === "seeking") continue;
      this.stop(replay);
      replay.fail(reason);
    }
  }

  trimmed(what: Trimmed): void {
    for (const replay of this.#replays) replay.trimmed(what);
  }

  /** What of what a replay wants came live since it began. */
  had(replay: Replay, cursor: Cursor): Had[] {
    return this.#live.of(cursor, { since: replay.since, upTo: this.#parts.handedOn() });
  }

  ask(most: number, answered: () => void): void {
    const done = (): void => {
      this.#waitsFor = "nothing";
      answered();
      this.#goOn();
      this.#parts.flush();
    };
    this.#waitsFor = "answer";
    for (const replay of this.#seeking) return this.#seek(replay, done);
    const readers = this.#readers.shift()!;
    this.#readers.push(readers);
    const [suspect] = readers.suspects;
    if (suspect !== undefined) return this.#try(suspect, readers, done);
    this.#ask(readers, most, done);
  }

  /** Takes a turn once there is room, where there is something to ask for. */
  #goOn(): void {
    if (this.#waitsFor !== "nothing" || this.wants === undefined) return;
    const [replay] = this.#seeking.size > 0 ? this.#seeking : this.#readers[0]!.replays;
    this.#waitsFor = "room";
    replay!.subscriber.whenNotFull(() => {
      this.#waitsFor = this.wants === undefined ? "nothing" : "turn";
      if (this.#waitsFor === "turn") this.#parts.turns.add(this);
    });
  }

  #seek(replay: Replay, done: () => void): void {
    const { store, handedOn } = this.#parts;
    replay.asked = true;
    const fails = this.#fails;
    const { pattern, range, place, grant, reception } = replay;
    store.seek(pattern, { ...range, upTo: handedOn(), place, reception }, (outcome) => {
      this.#parts.finish();
      if (replay.state === "seeking") {
        if (replay.grant === grant && fails === this.#fails) this.#sought(replay, outcome);
        // what was found is of what it might receive before, or of what is no more
        else replay.place = undefined;
      }
      done();
    });
  }

  #sought(replay: Replay, outcome: SeekOutcome): void {
    if (outcome.kind === "searching") {
      replay.place = outcome.place;
      return;
    }
    this.#seeking.delete(replay);
    if (outcome.kind === "failed") {
      replay.stop();
      this.#forget(replay);
      return replay.started(outcome);
    }
    const { trimmedTo, ahead, cursor, first, deleted } = outcome;
    replay.since = this.#parts.handedOn();
    replay.state = "reading";
    replay.reached(cursor, { deleted, sought: true });
    replay.started({ kind: "started", trimmedTo, ahead });
    if (first.messages > 0) replay.subscriber.deliverPage(first.bytes, first.messages);
    this.#read(replay);
  }

  /** It reads from now on, with those that want the same. */
  #read(replay: Replay): void {
    const readers = new Readers();
    const near = this.#readers.filter(({ replays }) =>
      [...replays].some(({ pattern }) => overlap(pattern, replay.pattern))
    );
    for (const other of near) for (const each of other.replays) readers.replays.add(each);
    readers.replays.add(replay);
    this.#readers = [...this.#readers.filter((each) => !near.includes(each)), readers];
  }

  #ask(readers: Readers, most: number, done: () => void): void {
    const all = [...readers.replays];
    // the last so many of each topic come first, and topic by topic
    const beginning = all.find(({ cursor }) => cursor.last !== undefined);
    const replays = beginning === undefined ? all : [beginning];
    const cursors = replays.map((replay) => {
      const { cursor, reception } = replay;
      return { ...cursor, had: this.had(replay, cursor), reception };
    });
    // they are of one connection
    const { grant } = replays[0]!;
    // what is still to be handed on is for whoever is live then, and who that is may change until it is
    const upTo = this.#parts.handedOn();
    for (const replay of replays) replay.asked = true;
    this.#parts.store.read(cursors, { most, upTo }, (outcome) => {
      this.#parts.finish();
      this.#answered(readers, { replays, grant }, outcome);
      if (outcome.kind === "page" && outcome.page.bytes.length >= most) {
        readers.most = Math.min(2 * readers.most, REPLAY_PAGE_BYTES);
      }
      done();
    });
  }

  #answered(
    readers: Readers,
    { replays, grant }: { readonly replays: readonly Replay[]; readonly grant: Receiving | undefined },
    outcome: ReadOutcome,
  ): void {
    const staying = replays.filter(({ state }) => state === "reading");
    const [one] = staying;
    if (one === undefined) return;
    if (outcome.kind === "failed") {
      if (replays.length > 1) readers.suspects = staying;
      else this.#fail(one, outcome.reason);
      return;
    }
    const { page, cursors, ends, deleted } = outcome;
    if (staying.length < replays.length || one.grant !== grant) {
      // what only those wanted who have left is in it, too, or what may not be received any more (P8): it is
      // read anew
      for (const replay of staying) replay.reached(replay.cursor, { deleted, sought: false });
      return;
    }
    for (const [at, replay] of replays.entries()) {
      replay.reached(cursors[at]!, { deleted, sought: false });
    }
    if (page.messages > 0) one.subscriber.deliverPage(page.bytes, page.messages);
    for (const [at, replay] of replays.entries()) {
      if (replay.state === "reading" && ends[at] === "past to") {
        this.#forget(replay);
        replay.end();
      }
    }
    const handedOn = this.#parts.handedOn();
    const reading = [...readers.replays];
    const caughtUp = reading.every((replay) => {
      const at = replays.indexOf(replay);
      return at >= 0 && ends[at] === "caught up" && replay.cursor.after >= handedOn;
    });
    if (caughtUp) { for (const replay of reading) this.#goLive(replay); }
    this.#live.forget(this.#furthestBack());
  }

  /** Whether it is this one that cannot be read. What is read here is read again. */
  #try(replay: Replay, readers: Readers, done: () => void): void {
    const { cursor, reception } = replay;
    this.#parts.store.read([{ ...cursor, reception }], { most: 1 }, (outcome) => {
      this.#parts.finish();
      // who has left meanwhile says nothing of the others
      if (replay.state === "reading") this.#tried(replay, readers, outcome);
      done();
    });
  }

  #tried(replay: Replay, readers: Readers, outcome: ReadOutcome): void {
    if (outcome.kind === "failed") {
      this.#fail(replay, outcome.reason);
      readers.suspects = [];
      return;
    }
    readers.suspects.shift();
    if (readers.suspects.length > 0) return;
    // each can be read and all of them cannot
    for (const each of [...readers.replays]) {
      this.#fail(each, "the store cannot read it together with others");
    }
  }

  #fail(replay: Replay, reason: string): void {
    this.#forget(replay);
    replay.fail(reason);
  }

  #goLive(replay: Replay): void {
    this.#forgetReading(replay);
    replay.becomeLive();
    this.#join(replay, replay.cursor.after);
  }

  #join(replay: Replay, since: number): void {
    this.#live.begin(replay.pattern, replay, { since, bounds: replay.cursor });
    this.#parts.goLive(replay);
  }

  #leave(replay: Replay, batch: number): void {
    this.#live.end(replay.pattern, replay, batch);
    this.#parts.leave(replay);
  }

  #forget(replay: Replay): void {
    this.#replays.delete(replay);
    this.#seeking.delete(replay);
    this.#forgetReading(replay);
  }

  #forgetReading(replay: Replay): void {
    for (const readers of this.#readers) {
      if (!readers.replays.delete(replay)) continue;
      readers.suspects = readers.suspects.filter((each) => each !== replay);
      if (readers.replays.size === 0) this.#readers = this.#readers.filter((each) => each !== readers);
      return;
    }
  }

  #furthestBack(): number {
    let least = Infinity;
    for (const { replays } of this.#readers) {
      for (const { cursor } of replays) least = Math.min(least, cursor.after);
    }
    return least;
  }
}

const NOWHERE = { kind: "started", trimmedTo: undefined, ahead: undefined } as const;
