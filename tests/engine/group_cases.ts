/**
 * What every engine does with groups.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Engine, GroupChange, GroupsListing, JoinOutcome } from "../../lib/engine/types.ts";
import { Worker } from "./groups/stored_bench.ts";
import { become } from "../support/within.ts";

/** What these need of an engine that is tried. */
export interface GroupsMade {
  readonly engine: Engine;
  readonly durable: boolean;
  /** As that of all cases: then NATS counts how often a message is given out, now and then one time less. */
  readonly shared?: true;
  readonly flush: () => void;
}

/** Registers a case; it is given who publishes and waits. */
export type RegisterGroupCase = (
  claim: string,
  body: (
    made: GroupsMade,
    sender: { publish(topic: string, text: string): Promise<unknown> },
  ) => Promise<void>,
) => void;

/** Registers them for a kind of engine. */
export function groupCases(test: RegisterGroupCase): void {
  test(
    "what a member of a group has not settled goes to the next, where anything is stored",
    async (made, sender) => {
      const first = await joined(made);
      await sender.publish("#d.a", "one");
      await sender.publish("#d.a", "two");
      await become(() => first.given.length === 2);
      if (!made.durable) return assert(!first.ack("#d.a", 1), "there is nothing to be settled");
      assert(first.ack("#d.a", 1));
      made.flush();
      await become(() => first.answers.length === 1);
      first.dies();
      made.flush();
      const second = await joined(made);
      await become(() => second.given.length === 1);
      assertEquals(second.given[0]!.sequence, 2);
      if (made.shared !== true) assertEquals(second.shown, ["#d.a 2 (2)"]);
      assert(second.nack("#d.a", 2));
      await become(() => second.given.length === 2);
      assertEquals(second.shown[1], "#d.a 2 (3)");
      assert(second.ack("#d.a", 2));
      made.flush();
      await become(() => second.answers.length === 1);
    },
  );

  test("groups are listed, reset and deleted where they are stored", async (made, sender) => {
    const { engine, durable } = made;
    const worker = await joined(made);
    await sender.publish("#d.a", "one");
    await become(() => worker.given.length === 1);
    const listed = async (): Promise<number[]> => {
      const listing = await new Promise<GroupsListing>((resolve) => engine.groups(resolve));
      assert(listing.kind === "groups");
      return listing.groups.map(({ lag }) => lag);
    };
    assertEquals(await listed(), [durable ? 1 : 0]);
    const earliest = { kind: "earliest" } as const;
    const changed = (ask: (done: (change: GroupChange) => void) => void): Promise<GroupChange> =>
      new Promise<GroupChange>((resolve) => {
        ask(resolve);
        made.flush();
      });
    const kind = durable ? "done" : "none";
    assertEquals(await changed((done) => engine.resetGroup(G, earliest, done)), { kind });
    if (durable) await become(() => worker.given.length === 2);
    assertEquals(await changed((done) => engine.deleteGroup(G, done)), { kind });
    assertEquals(worker.failure, durable ? "the group g was deleted" : undefined);
  });
}

const G = { name: "g", pattern: "#d.>" };

async function joined({ engine, durable, flush }: GroupsMade): Promise<Worker> {
  const worker = new Worker();
  await new Promise<JoinOutcome>((resolve) => {
    worker.membership = engine.join({
      ...G,
      window: 16,
      blocks: true,
      settling: durable ? "explicit" : "auto",
      from: undefined,
      joined: (outcome) => {
        worker.outcome = outcome;
        resolve(outcome);
      },
    }, worker);
    flush();
  });
  assertEquals(worker.outcome, { kind: "joined" });
  return worker;
}
