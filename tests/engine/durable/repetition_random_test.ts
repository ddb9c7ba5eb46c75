import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Publisher } from "../../../lib/engine/types.ts";
import { COMMIT_TURN_PIECES } from "../../../lib/limits.ts";
import { Bench, settled } from "./commit_bench.ts";

const PUBLISHERS = 4;

const who = fc.nat(PUBLISHERS - 1);
const id = fc.oneof(fc.nat(15).map((number) => `a-${number}`), fc.nat(5).map((number) => `w${number}w`));
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      who,
      ids: fc.array(id, { minLength: 1, maxLength: 5 }),
    }),
  },
  // more than a turn takes: what comes behind waits
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crowd" as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("flush" as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("end" as const), refused: fc.boolean() }) },
);

/** One message of a read repeats what is refused, and the one beside it what still waits. */
const TWO_CLAIMANTS = [
  { kind: "publish" as const, who: 0, ids: ["w0w"] },
  { kind: "flush" as const },
  { kind: "publish" as const, who: 0, ids: ["a-0"] },
  { kind: "end" as const, refused: false },
  { kind: "publish" as const, who: 0, ids: ["a-5", "a-1"] },
  { kind: "publish" as const, who: 0, ids: ["a-5", "a-0"] },
  { kind: "end" as const, refused: true },
];

/** What was stored: by id, who brought it and in which place. */
type Log = Map<string, { readonly by: string; readonly place: number }>;

/** Publishes, and sees to what it is answered. */
class Asking implements Publisher {
  readonly #bench: Bench;
  readonly #log: Log;
  readonly #name: string;
  readonly #asked: { readonly id: string; answer?: "stored" | "refused" }[] = [];
  #held = 0;

  constructor(bench: Bench, { log, name }: { readonly log: Log; readonly name: string }) {
    this.#bench = bench;
    this.#log = log;
    this.#name = name;
  }

  publish(ids: readonly string[]): void {
    this.#asked.push(...ids.map((id) => ({ id })));
    this.#bench.publishRun("#t", ids, this, this.#name);
  }

  hold(count: number): ReturnType<Publisher["hold"]> {
    const asked = this.#asked.slice(this.#held, this.#held += count);
    const answer = (answer: "stored" | "refused"): void => {
      for (const each of asked) {
        assertEquals(each.answer, undefined, "it is answered twice");
        assert(answer === "refused" || this.#log.has(each.id), `${each.id} is acknowledged and not stored`);
        each.answer = answer;
      }
    };
    return { acknowledge: () => answer("stored"), refuse: () => answer("refused") };
  }

  /** All is answered, and what it brought lies behind all that was acknowledged before. */
  judge(): void {
    let newest = -1;
    for (const { id, answer } of this.#asked) {
      assert(answer !== undefined, `${id} is not answered`);
      if (answer === "refused") continue;
      const { by, place } = this.#log.get(id)!;
      if (by === this.#name) assert(place >= newest || this.#seen.has(id), `${id} was overtaken`);
      this.#seen.add(id);
      newest = Math.max(newest, place);
    }
  }
  readonly #seen = new Set<string>();
}

Deno.test("whatever is sent again, what is acknowledged is stored, once, in its publisher's order (D1, D6)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const bench = new Bench();
      const log: Log = new Map();
      const publishers = Array.from(
        { length: PUBLISHERS },
        (_, at) => new Asking(bench, { log, name: `${at}` }),
      );
      const end = async (refused: boolean): Promise<void> => {
        const commit = bench.store.commits.shift();
        if (commit === undefined) return;
        if (refused) commit.end({ kind: "refused", reason: "disk full" });
        else {
          for (const { bytes } of commit.appends) {
            for (const [, id, by] of new TextDecoder().decode(bytes).matchAll(/id=(\S+)\n(.)\n/g)) {
              assert(!log.has(id!), `${id} is stored twice`);
              log.set(id!, { by: by!, place: log.size });
            }
          }
          commit.end();
        }
        await settled();
        while (bench.turns.length > 0) bench.turns.shift()!();
      };
      let crowds = 0;
      for (const one of steps) {
        switch (one.kind) {
          case "publish":
            publishers[one.who]!.publish(one.ids);
            break;
          case "crowd":
            crowds++;
            for (let at = 0; at <= COMMIT_TURN_PIECES; at++) {
              publishers[one.who]!.publish([`${crowds}:${at}`]);
            }
            break;
          case "flush":
            bench.flushes.flush();
            await settled();
            break;
          case "end":
            await end(one.refused);
        }
      }
      bench.flushes.flush();
      await settled();
      while (bench.store.commits.length > 0) await end(false);
      for (const publisher of publishers) publisher.judge();
      assertEquals(bench.memory.held, 0);
      await bench.close();
    }),
    { numRuns: 200, examples: [[TWO_CLAIMANTS]] },
  );
});
