import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { CommitSize } from "../../../lib/engine/durable/commit_pace.ts";
import { Piece, Repetition } from "../../../lib/engine/durable/piece.ts";
import { WaitingPieces } from "../../../lib/engine/durable/waiting_pieces.ts";
import type { Publisher } from "../../../lib/engine/types.ts";
import {
  COMMIT_FIRST_BYTES,
  COMMIT_FIRST_PIECES,
  COMMIT_NEW_TOPICS_MOST,
  COMMIT_SHORT_PART,
  COMMIT_TURN_BYTES,
  COMMIT_TURN_PIECES,
  PIECE_BYTES,
} from "../../../lib/limits.ts";
import type { Run } from "../../../lib/wire/run.ts";

const KIB = 1024;
/** For so many commits who had much is known for it. */
const MUCH_FOR = 4;
const ACKNOWLEDGEMENT = { acknowledge: () => {}, refuse: () => {} };

interface Topic {
  stored: boolean;
}

/** What waits, as the model has it. */
interface Item {
  /** Which of all it is. */
  readonly number: number;
  readonly piece: Piece;
  readonly weight: number;
  readonly topic: Topic | undefined;
  readonly run: Repeating | undefined;
  waits: boolean;
}

/** A run of which some repeats what others bring. */
interface Repeating {
  readonly repetition: Repetition;
  readonly claimants: Item[];
  items: readonly Item[];
}

/** A publisher with what it has waiting, and some that has left, and what is known of it. */
interface Bringer {
  readonly publisher: Publisher;
  readonly items: Item[];
  inUse: boolean;
  tookMuch: number;
}

/** The same in lists, and what waits is looked for in them each time. */
class Model {
  readonly fresh: Bringer[] = [];
  readonly again: Bringer[] = [];
  readonly turns: Bringer[] = [];
  readonly blocked: [Item, Bringer][] = [];
  readonly waiting = new Set<Item>();
  commits = 0;

  add(item: Item, bringer: Bringer): void {
    if (!bringer.inUse) {
      const list = this.commits - bringer.tookMuch < MUCH_FOR ? this.again : this.fresh;
      list.push(bringer);
      bringer.inUse = true;
    }
    bringer.items.push(item);
    this.waiting.add(item);
  }

  isShort(most: CommitSize, hasTo: boolean): boolean {
    if (this.fresh.length === 0) return false;
    const bytes = [...this.waiting].reduce((sum, { weight }) => sum + weight, 0);
    const isMuch = this.waiting.size > Math.ceil(COMMIT_SHORT_PART * most.pieces) ||
      bytes > COMMIT_SHORT_PART * most.bytes;
    const others = this.turns.length > 0 || this.again.length > 0;
    return others ? isMuch || hasTo : hasTo && !isMuch;
  }

  take(most: CommitSize, short: boolean): Item[] {
    const taken: Item[] = [];
    const topics = new Set<Topic>();
    this.commits++;
    const first = { pieces: COMMIT_FIRST_PIECES, bytes: COMMIT_FIRST_BYTES };
    for (const list of [this.fresh, this.again]) {
      while (list.length > 0) {
        const part = short ? COMMIT_SHORT_PART : this.turns.length > 0 ? 0.5 : 1;
        const room = { pieces: Math.ceil(part * most.pieces), bytes: part * most.bytes };
        if (this.#turn(list[0]!, { taken, topics, room, turn: first })) break;
        this.#end(list);
      }
    }
    if (short && taken.length > 0) return taken;
    const turn = { pieces: COMMIT_TURN_PIECES, bytes: COMMIT_TURN_BYTES };
    for (let inVain = 0; this.turns.length > inVain;) {
      const bringer = this.turns[0]!;
      const before = taken.length;
      const full = this.#turn(bringer, { taken, topics, room: most, turn });
      const comesAgain = this.#end(this.turns);
      if (full) break;
      if (taken.length > before) {
        inVain = 0;
        bringer.tookMuch = this.commits;
      } else if (comesAgain) inVain++;
    }
    return taken;
  }

  takeRepeating(refused: readonly Item[], all: readonly Repeating[]): Item[] {
    const fallen: Item[] = [];
    for (const from of [refused, fallen]) {
      for (let at = 0; at < from.length; at++) {
        for (const run of all.filter(({ claimants }) => claimants.includes(from[at]!))) {
          for (const item of run.items.filter(({ waits }) => waits)) {
            this.#out(item);
            fallen.push(item);
          }
        }
      }
    }
    return fallen;
  }

  #turn(
    bringer: Bringer,
    { taken, topics, room, turn }: {
      readonly taken: Item[];
      readonly topics: Set<Topic>;
      readonly room: CommitSize;
      readonly turn: CommitSize;
    },
  ): boolean {
    const already = taken.reduce((sum, { weight }) => sum + weight, 0);
    let [count, bytes] = [0, 0];
    while (count < turn.pieces && bytes < turn.bytes) {
      const item = nextOf(bringer);
      if (item === undefined || blockerOf(item) !== undefined) return false;
      const { topic, weight } = item;
      const isNew = topic !== undefined && !topic.stored && !topics.has(topic);
      if (isNew && topics.size === COMMIT_NEW_TOPICS_MOST) return false;
      const isTooMuch = taken.length >= room.pieces || already + bytes + weight > room.bytes;
      if (taken.length > 0 && isTooMuch) return true;
      if (isNew) topics.add(topic);
      this.#out(item);
      taken.push(item);
      count++;
      bytes += weight;
    }
    return false;
  }

  #end(list: Bringer[]): boolean {
    const bringer = list.shift()!;
    const item = nextOf(bringer);
    const blocker = item && blockerOf(item);
    if (item === undefined) bringer.inUse = false;
    else if (blocker === undefined) this.turns.push(bringer);
    else this.blocked.push([blocker, bringer]);
    return item !== undefined && blocker === undefined;
  }

  #out(item: Item): void {
    item.waits = false;
    this.waiting.delete(item);
    for (const [blocker, bringer] of this.blocked) if (blocker === item) this.turns.push(bringer);
    const left = this.blocked.filter(([blocker]) => blocker !== item);
    this.blocked.splice(0, this.blocked.length, ...left);
  }
}

function nextOf({ items }: Bringer): Item | undefined {
  while (items[0]?.waits === false) items.shift();
  return items[0];
}

/** What has to leave before it: the first that its run repeats and that waits, of another run. */
function blockerOf({ run }: Item): Item | undefined {
  return run?.claimants.find((claimant) => claimant.waits && claimant.run !== run);
}

const who = fc.nat(4);
const add = fc.record({
  kind: fc.constant("add" as const),
  who,
  count: fc.constantFrom(1, 1, 2, 7, 8, 9, 63, 64, 65, 130),
  // as much as a turn takes, just less, and parts of that
  bytes: fc.constantFrom(
    ...[0, 0, 0],
    ...[2, 16, 256].map((kib) => kib * KIB - PIECE_BYTES),
    ...[16, 256].map((kib) => kib * KIB - 1 - PIECE_BYTES),
    64 * KIB,
  ),
  topics: fc.constantFrom("known", "one", "each its own", "none"),
});
const repeat = fc.record({
  kind: fc.constant("repeat" as const),
  who,
  // which of those that were added last, from the last on
  back: fc.array(fc.nat(12), { minLength: 1, maxLength: 3 }),
  fresh: fc.nat(2),
});
const take = fc.record({
  kind: fc.constant("take" as const),
  pieces: fc.constantFrom(1, 8, 9, 16, 64, 100, 128, 4096),
  bytes: fc.constantFrom(1, 16 * KIB, 128 * KIB, 256 * KIB, 8 * KIB * KIB),
  short: fc.constantFrom(false, false, true),
  stores: fc.boolean(),
});
const fall = fc.record({ kind: fc.constant("fall" as const), back: fc.nat(12) });

Deno.test("what waits leaves as lists say that are searched each time: by turns, bounds, topics and repetitions (D1, D6)", () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: add },
    { weight: 3, arbitrary: repeat },
    { weight: 5, arbitrary: take },
    { weight: 1, arbitrary: fall },
  );
  const property = fc.property(fc.array(step, { maxLength: 40, size: "large" }), (steps) => {
    const waiting = new WaitingPieces();
    const model = new Model();
    const bringers: Bringer[] = Array.from({ length: 5 }, () => ({
      publisher: { hold: () => ACKNOWLEDGEMENT },
      items: [],
      inUse: false,
      tookMuch: -Infinity,
    }));
    const items: Item[] = [];
    const runs: Repeating[] = [];
    const known: Topic = { stored: true };
    const one: Topic = { stored: false };
    const numbers = new Map<Piece, number>();
    const bring = (
      { bytes, topic, run, claimant }: {
        readonly bytes: number;
        readonly topic: Topic | undefined;
        readonly run?: Repeating;
        readonly claimant?: Item;
      },
    ): Item => {
      const part = topic === undefined
        ? undefined
        : { route: topic, records: { start: 0, end: bytes }, ids: [] } as unknown as Run;
      const piece = new Piece({
        part,
        acknowledgement: ACKNOWLEDGEMENT,
        repetition: run?.repetition,
        claimant: claimant?.piece,
      });
      const number = numbers.size;
      numbers.set(piece, number);
      const item = {
        number,
        piece,
        weight: PIECE_BYTES + (part === undefined ? 0 : bytes),
        topic,
        run,
        waits: true,
      };
      if (claimant !== undefined) {
        run!.repetition.repeats(claimant.piece);
        if (!run!.claimants.includes(claimant)) run!.claimants.push(claimant);
      }
      return item;
    };
    const numbersOf = (pieces: readonly Piece[]): string => pieces.map((piece) => numbers.get(piece)).join();
    const enter = (item: Item, bringer: Bringer): void => {
      items.push(item);
      waiting.add(item.piece, bringer.publisher);
      model.add(item, bringer);
    };
    for (const step of steps) {
      if (step.kind === "add") {
        const { bytes, topics } = step;
        const bringer = bringers[step.who]!;
        for (let at = 0; at < step.count; at++) {
          const topic = topics === "known"
            ? known
            : topics === "one"
            ? one
            : topics === "none"
            ? undefined
            : { stored: false };
          enter(bring({ bytes, topic }), bringer);
        }
      } else if (step.kind === "repeat") {
        const bringer = bringers[step.who]!;
        const run: Repeating = { repetition: new Repetition(), claimants: [], items: [] };
        const claimants = step.back.map((back) => items.at(-1 - back)).filter((item) => item?.waits === true);
        run.items = [
          ...Array.from({ length: step.fresh }, () => bring({ bytes: 0, topic: known, run })),
          ...claimants.map((claimant) => bring({ bytes: 0, topic: undefined, run, claimant: claimant! })),
        ];
        run.repetition.consistsOf(run.items.map(({ piece }) => piece));
        runs.push(run);
        for (const item of run.items) enter(item, bringer);
      } else if (step.kind === "fall") {
        const from = items.at(-1 - step.back);
        // what is refused has been taken
        if (from === undefined || from.waits) continue;
        const fallen = waiting.takeRepeating([from.piece]);
        assertEquals(numbersOf(fallen), shown(model.takeRepeating([from], runs)));
      } else {
        const { pieces, bytes, short } = step;
        const most = { pieces, bytes };
        for (const hasTo of [true, false]) {
          assertEquals(waiting.isShort(most, { hasTo }), model.isShort(most, hasTo), `has to: ${hasTo}`);
        }
        const wanted = model.take(most, short);
        assertEquals(numbersOf(waiting.take(most, { short })), shown(wanted));
        if (step.stores) { for (const { topic } of wanted) if (topic !== undefined) topic.stored = true; }
      }
      assertEquals(waiting.size, model.waiting.size);
      for (const { publisher, inUse } of bringers) assertEquals(waiting.has(publisher), inUse);
    }
    // what is left leaves as well
    for (let left = waiting.size; left > 0; left = waiting.size) {
      const most = { pieces: 1000, bytes: 1e9 };
      const wanted = model.take(most, false);
      assertEquals(numbersOf(waiting.take(most)), shown(wanted));
      assert(waiting.size < left, `${left} are left for ever`);
    }
  });
  fc.assert(property, { numRuns: 150 });
});

function shown(items: readonly Item[]): string {
  return items.map(({ number }) => number).join();
}
