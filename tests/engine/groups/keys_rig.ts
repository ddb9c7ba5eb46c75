import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { type Giver, Keys, type Terms } from "../../../lib/engine/groups/keys.ts";
import { Members, Place } from "../../../lib/engine/groups/members.ts";
import type { Run } from "../../../lib/engine/types.ts";
import { CLASSIC_LINES } from "../../../lib/protocols/classic/encoding.ts";
import { keyedRun } from "./keyed_runs.ts";
import { NO_OWNER } from "./no_owner.ts";
import { messagesIn, Worker } from "./stored_bench.ts";

/** How what is not stored is given out. */
export const UNSTORED: Terms = { unit: undefined, attempt: 1 };
/** And what is, which is settled by itself. */
export const STORED: Terms = { unit: { after: 1, open: 0, ends: new Map() }, attempt: 1 };

/** A member of a {@link KeysRig}. */
export class Hand {
  readonly worker = new Worker();
  readonly place: Place;
  /** Runs that it was given and that have not left it; none are kept where nobody asks for it. */
  readonly unsent: Run[] = [];

  constructor(window: number) {
    this.place = new Place(this.worker, { window, owner: NO_OWNER });
  }
}

/** What goes by keys, by itself. Messages are written `key:payload`, or `:payload`, with spaces between. */
export class KeysRig implements Giver {
  readonly members = new Members();
  readonly keys = new Keys(this.members);
  readonly pool = new ChunkPool();
  readonly hands = new Map<string, Hand>();
  /** What was given since it was looked at: `name: messages`, a run each. */
  readonly #given: string[] = [];
  /** What is given is to be kept with who has it. */
  keeps = false;
  /** Called with each run that is given. */
  gave: (name: string) => void = () => {};

  join(name: string, window = 100): Hand {
    const hand = new Hand(window);
    this.hands.set(name, hand);
    this.members.enter(hand.place);
    return hand;
  }

  run(text: string, { topic = "#a", first }: { readonly topic?: string; readonly first?: number } = {}): Run {
    const messages = text.split(" ").map((each) => {
      const [key = "", payload = ""] = each.split(":");
      return { key, payload };
    });
    const run = keyedRun(messages, { route: { topic, topicBytes: topic.length }, pool: this.pool });
    if (first !== undefined) run.stored = { first, batch: 1, time: 0 };
    return run;
  }

  /** What is not stored; how many were left out. */
  offer(text: string, { keeps = true, giver = this as Giver } = {}): number {
    return this.#offer(this.run(text), giver, { ...UNSTORED, keeps });
  }

  /** What is stored, from a number of a topic on. */
  store(first: number, text: string, topic = "#a"): void {
    assertEquals(this.#offer(this.run(text, { topic, first }), this, { ...STORED, keeps: true }), 0);
  }

  hand(place: Place, run: Run, { attempt }: Terms): void {
    const [name, hand] = [...this.hands].find(([, hand]) => hand.place === place)!;
    const messages = messagesIn(run).map(({ fields, payload }) =>
      `${/key=(\S*)/.exec(fields)?.[1] ?? ""}:${payload}`
    );
    this.#given.push(`${name}: ${messages.join(" ")}${attempt === 1 ? "" : ` (${attempt})`}`);
    // as a connection that speaks another protocol does: that is let go of with the run
    run.as(CLASSIC_LINES);
    if (this.keeps) hand.unsent.push(run.kept(0, run.count));
    this.gave(name);
  }

  /** What was given since this was called last. */
  get given(): string[] {
    return this.#given.splice(0);
  }

  /** So many that are not stored have left a member. */
  passed(name: string, messages: number): void {
    const { place } = this.hands.get(name)!;
    place.holds -= messages;
    this.keys.passed(place, messages);
    this.#update(place);
  }

  /** These are settled by a member that holds them. */
  settled(name: string, { from, end, topic = "#a" }: { from: number; end: number; topic?: string }): void {
    const { place } = this.hands.get(name)!;
    place.holds -= end - from;
    this.keys.settled({ topic, from, end });
    this.#update(place);
  }

  /** A member gives these back, and they are here again at once where that is not to come later. */
  gaveBack(name: string, { from, end }: { from: number; end: number }): void {
    const { place } = this.hands.get(name)!;
    place.holds -= end - from;
    this.keys.gaveBack({ topic: "#a", from, end });
    this.#update(place);
  }

  /** These were given back, and are here again; how many of them are to come once more. */
  returned(first: number, text: string, attempt = 2): string[] {
    const run = this.run(text, { first });
    const none = this.keys.returned(run, this, { ...STORED, attempt });
    this.keys.goOn();
    return none.map(({ from, end }) => `${from}-${end - 1}`);
  }

  /** It is gone, and all that it was given and had not sent comes again; but for the first so many. */
  dies(name: string, sent = 0): void {
    const { place, unsent } = this.hands.get(name)!;
    this.members.leave(place);
    for (const run of unsent.splice(0, sent)) run.release();
    this.keys.unsent(place, unsent, this);
    this.keys.goOn();
  }

  /** As a session does: it lets go of the run when the call returns. */
  #offer(run: Run, giver: Giver, terms: Terms & { readonly keeps: boolean }): number {
    const dropped = this.keys.offer(run, giver, terms);
    run.release();
    return dropped;
  }

  #update(place: Place): void {
    this.members.update(place);
    this.keys.goOn();
  }
}
