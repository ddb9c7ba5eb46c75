/**
 * Who of a group gets the messages of which key (G12).
 *
 * @module
 */
import type { SequenceRange } from "../../sequence_ranges.ts";
import type { Run } from "../../wire/run.ts";
import { Handing, KeyedRun } from "./keyed_run.ts";
import { KeyedLine } from "./keyed_line.ts";
import { type Giver, Key, KeyedMessage, type Terms, type Waiting } from "./keyed_message.ts";
import type { Members, Place, Watch } from "./members.ts";
import { type Named, OpenMessages } from "./open_messages.ts";
import { Seats } from "./seats.ts";
import { SetAside } from "./set_aside.ts";

export type { Giver, Terms };

/**
 * - Of a key one member at a time holds messages: its owner, which is chosen by rendezvous, or who was the
 *   owner before until it holds none any more.
 * - Messages of a key are given out in the order in which they came; what was given back comes before what
 *   has not been given out, and waits for what was given back that comes before it.
 * - What cannot be given out is set aside, and others go on, until so much lies there (G13).
 * - A key is known while messages of it are not settled.
 */
export class Keys implements Watch {
  readonly #members: Members;
  readonly #seats = new Seats();
  readonly #keys = new Map<string, Key>();
  readonly #stored = new OpenMessages();
  #order = 0;
  #open = 0;
  /** What has no key and waits. */
  readonly #loose = { again: new KeyedLine<Waiting>(), fresh: new KeyedLine<Waiting>() };
  /** Keys that may go on, and members that have room for more of theirs. */
  readonly #ready = new Set<Key>();
  readonly #freed = new Set<Place>();
  readonly #setAside = new SetAside();
  #giving = false;

  constructor(members: Members) {
    this.#members = members;
    members.watch = this;
  }

  /** Whether as much is set aside as may be; `most`: bytes. */
  isFull(most: number): boolean {
    return this.#setAside.isFull(most);
  }

  /** Messages with a key that are not settled. */
  get open(): number {
    return this.#open;
  }

  /** How many keys are known: for tests. */
  get size(): number {
    return this.#keys.size;
  }

  /** How many keys wait for a member to have room: for tests. */
  get wanted(): number {
    return this.#seats.wanted;
  }

  /** Messages of a kind that are set aside. */
  waiting(giver: Giver): number {
    return this.#setAside.of(giver);
  }

  entered(place: Place): void {
    const seat = this.#seats.enter(place);
    for (const key of this.#keys.values()) {
      if (this.#seats.bid(key, seat)) this.#ready.add(key);
    }
  }

  /** Its keys are others' from now on, who get them when it is known what it holds: {@link unsent}. */
  left(place: Place): void {
    const seat = this.#seats.of(place);
    this.#seats.retire(seat);
    for (const key of this.#keys.values()) {
      if (key.owner !== seat) continue;
      this.#seats.elect(key);
      this.#ready.add(key);
    }
  }

  hasRoom(place: Place): void {
    if (this.#seats.of(place).wanted.size > 0) this.#freed.add(place);
  }

  /**
   * Gives out what has come, or sets it aside; how many of them are left out. `keeps`: none is; else those
   * for which there is no room.
   */
  offer(run: Run, giver: Giver, { keeps, ...terms }: Terms & { readonly keeps: boolean }): number {
    const keyed = new KeyedRun(run);
    const handing = new Handing(keyed, giver, terms);
    const isStored = run.stored !== undefined;
    const giving = this.#giving;
    this.#giving = true;
    let dropped = 0;
    for (let at = 0, many = 1; at < run.count; at += many) {
      const text = keyed.keys[at];
      const key = text === undefined ? undefined : this.#keyOf(text);
      const place = key === undefined ? this.#looseFor() : this.#placeFor(key);
      many = 1;
      if (place === undefined && !keeps && (key === undefined || this.isFull(Infinity))) {
        dropped++;
        if (key?.open === 0) this.#forgetKey(key);
        continue;
      }
      const message = key && this.#opened(key, run, at);
      if (place === undefined) {
        this.#aside(keyed.part(at, 1), { giver, terms, message, fresh: true });
        continue;
      }
      // of many each has a part, or the first would have all of them
      if (key === undefined) many = Math.min(place.room, Math.ceil(keyed.keyless(at) / this.#members.able));
      this.#hold(place, many, { message, isStored });
      handing.add(place, at, many);
    }
    handing.end();
    this.#giving = giving;
    this.goOn();
    return dropped;
  }

  /** These come again, without having been given out from here: nothing of their keys comes before. */
  expect(run: Run): void {
    run.keys.keys.forEach((text, at) => {
      if (text === undefined) return;
      const key = this.#keyOf(text);
      key.gaveBack(this.#opened(key, run, at));
    });
  }

  /**
   * What was given back is here to be given out again. Those for which there is no place are not taken, and
   * are to come once more: of what waits for others of its key only so much is kept.
   */
  returned(run: Run, giver: Giver, terms: Terms): SequenceRange[] {
    const { first } = run.stored!;
    const keyed = new KeyedRun(run);
    const open = this.#stored.of(run.route.topic);
    const none: SequenceRange[] = [];
    for (let at = 0; at < run.count; at++) {
      const message = open?.get(first + at);
      if (message !== undefined && this.#setAside.isCrowded && !message.key.isNext(message)) {
        none.push({ from: first + at, end: first + at + 1 });
      } else {
        this.#return(keyed.part(at, 1), { giver, terms, message });
      }
    }
    return none;
  }

  /** As {@link returned}, of what a member has not sent: all of it is taken, and released. */
  takeBack(run: Run, giver: Giver, terms: Terms): void {
    const open = this.#stored.of(run.route.topic);
    this.#returnAll(run, { giver, terms, messageAt: (at) => open?.get(run.stored!.first + at) });
    run.release();
  }

  /**
   * A member has left, and has not sent these of what is not stored, in the order in which it was given them.
   */
  unsent(place: Place, runs: readonly Run[], giver: Giver): void {
    const seat = this.#seats.of(place);
    const written = seat.holds - runs.reduce((sum, { count }) => sum + count, 0);
    for (const message of seat.pass(written)) this.#over(message);
    for (const run of runs) {
      const messages = seat.pass(run.count);
      this.#returnAll(run, { giver, terms: UNSTORED, messageAt: (at) => messages[at] });
      run.release();
    }
    this.#seats.remove(place);
  }

  /** So many that are not stored have left a member. */
  passed(place: Place, messages: number): void {
    for (const message of this.#seats.of(place).pass(messages)) this.#over(message);
  }

  /** Stored ones are settled. */
  settled(named: Named): void {
    this.#stored.remove(named, this.#end);
  }

  /** A member does not hold these any more: they are to come again. */
  gaveBack({ topic, from, end }: Named): void {
    const open = this.#stored.of(topic);
    for (let sequence = from; open !== undefined && sequence < end; sequence++) {
      const message = open.get(sequence);
      if (message === undefined) continue;
      this.#release(message);
      message.key.gaveBack(message);
    }
  }

  /** Gives out what can be; whether anything was. */
  goOn(): boolean {
    // what is given may leave at once
    if (this.#giving) return false;
    this.#giving = true;
    let gave = this.#giveLoose();
    while (this.#ready.size > 0 || this.#freed.size > 0) {
      for (const key of this.#ready) {
        this.#ready.delete(key);
        gave = this.#try(key) || gave;
      }
      for (const place of this.#freed) {
        this.#freed.delete(place);
        const wanted = this.#seats.find(place)?.wanted;
        for (const key of wanted ?? []) {
          if (!this.#members.takes(place)) break;
          wanted!.delete(key);
          gave = this.#try(key) || gave;
        }
      }
      gave = this.#giveLoose() || gave;
    }
    this.#giving = false;
    return gave;
  }

  /** Nothing of a kind is given out any more, nor held; how many waited. */
  forget(giver: Giver, kind: "stored" | "unstored"): number {
    const isTaken = (waiting: Waiting): boolean => waiting.giver === giver;
    const { again, fresh } = this.#loose;
    const waiting = [...again.take(isTaken), ...fresh.take(isTaken)];
    for (const key of this.#keys.values()) waiting.push(...key.take(giver));
    for (const each of waiting) {
      this.#setAside.remove(each);
      each.run.release();
    }
    if (kind === "unstored") {
      for (const { message } of waiting) this.#over(message);
      return waiting.length;
    }
    this.#stored.clear(this.#end);
    return waiting.length;
  }

  #keyOf(text: string): Key {
    let key = this.#keys.get(text);
    if (key === undefined) {
      key = new Key(text);
      this.#keys.set(text, key);
      this.#seats.elect(key);
    }
    return key;
  }

  /** A message has come. */
  #opened(key: Key, run: Run, at: number): KeyedMessage {
    const message = new KeyedMessage(key, ++this.#order);
    key.open++;
    this.#open++;
    if (run.stored !== undefined) this.#stored.add(run.route.topic, run.stored.first + at, message);
    return message;
  }

  #looseFor(): Place | undefined {
    const { again, fresh } = this.#loose;
    return again.first === undefined && fresh.first === undefined ? this.#members.next() : undefined;
  }

  /** Who gets a message of a key that comes behind all others; undefined: it has to wait. */
  #placeFor(key: Key): Place | undefined {
    return key.first === undefined && key.back === undefined ? this.#freeFor(key) : undefined;
  }

  /** Who gets what is next of a key; undefined: nobody now. It is tried again when that has changed. */
  #freeFor(key: Key): Place | undefined {
    const { owner, holder } = key;
    if (owner === undefined || (holder !== undefined && holder !== owner)) return undefined;
    if (this.#members.takes(owner.place)) return owner.place;
    owner.wanted.add(key);
    return undefined;
  }

  #giveLoose(): boolean {
    const { again, fresh } = this.#loose;
    let gave = false;
    for (;;) {
      const line = again.first === undefined ? fresh : again;
      const waiting = line.first;
      const place = waiting === undefined ? undefined : this.#members.next(waiting.terms.before);
      if (waiting === undefined || place === undefined) return gave;
      line.shift();
      this.#give(waiting, place);
      gave = true;
    }
  }

  /** Gives out what waits of a key, as far as that can be; whether anything was. */
  #try(key: Key): boolean {
    let gave = false;
    for (let waiting = key.first; waiting !== undefined; waiting = key.first) {
      const { back } = key;
      if (back !== undefined && back.order < waiting.order) break;
      const place = this.#freeFor(key);
      if (place === undefined) break;
      key.shift();
      this.#give(waiting, place);
      gave = true;
    }
    return gave;
  }

  #give(waiting: Waiting, place: Place): void {
    const { run, giver, terms, message } = waiting;
    this.#setAside.remove(waiting);
    this.#hold(place, 1, { message, isStored: run.stored !== undefined });
    giver.hand(place, run, terms);
    run.release();
  }

  /** So many are a member's, and that one with a key, or all of them without. */
  #hold(
    place: Place,
    many: number,
    { message, isStored }: { readonly message: KeyedMessage | undefined; readonly isStored: boolean },
  ): void {
    this.#members.gave(place, many);
    const seat = this.#seats.of(place);
    if (message !== undefined) {
      message.state = "held";
      message.key.holder = seat;
      message.key.held++;
    }
    if (!isStored) { for (let left = many; left > 0; left--) seat.gave(message); }
  }

  #returnAll(
    run: Run,
    { giver, terms, messageAt }: Pick<Waiting, "giver" | "terms"> & {
      readonly messageAt: (at: number) => KeyedMessage | undefined;
    },
  ): void {
    const keyed = new KeyedRun(run);
    for (let at = 0; at < run.count; at++) {
      this.#return(keyed.part(at, 1), { giver, terms, message: messageAt(at) });
    }
  }

  /** What comes again is here. */
  #return(run: Run, { giver, terms, message }: Pick<Waiting, "giver" | "terms" | "message">): void {
    if (message !== undefined) {
      this.#release(message);
      message.state = "waits";
      this.#ready.add(message.key);
    }
    this.#aside(run, { giver, terms, message, fresh: false });
  }

  #aside(run: Run, of: Omit<Waiting, "run" | "order">): void {
    const { message } = of;
    const waiting: Waiting = { ...of, run: run.copied(), order: message?.order ?? ++this.#order };
    this.#setAside.add(waiting);
    if (message !== undefined) message.key.add(waiting);
    else (of.fresh ? this.#loose.fresh : this.#loose.again).add(waiting);
  }

  /** If it was held it is not any more. */
  #release({ state, key }: KeyedMessage): void {
    if (state !== "held" || --key.held > 0) return;
    key.holder = undefined;
    if (key.first !== undefined) this.#ready.add(key);
  }

  readonly #end = (message: KeyedMessage): void => this.#over(message);

  /** It is settled. */
  #over(message: KeyedMessage | undefined): void {
    if (message === undefined) return;
    const { key } = message;
    this.#release(message);
    message.state = "over";
    this.#open--;
    if (--key.open === 0) this.#forgetKey(key);
    else if (key.first !== undefined) this.#ready.add(key);
  }

  #forgetKey(key: Key): void {
    this.#keys.delete(key.text);
    key.owner?.wanted.delete(key);
    this.#ready.delete(key);
  }
}

const UNSTORED: Terms = { unit: undefined, attempt: 1 };
