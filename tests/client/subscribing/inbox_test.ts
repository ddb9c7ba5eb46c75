import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Delivery } from "../../../lib/client/links/delivery.ts";
import { Inbox } from "../../../lib/client/subscribing/inbox.ts";
import type { Stream } from "../../../lib/client/subscribing/stream.ts";
import { matches } from "../../../lib/topics/topic.ts";

const PATTERNS = ["#a", "#*", "#b.>", "#b.c"];
const TOPICS = ["#a", "#d", "#b.c", "#b.d"];

/** What happens: a message comes, a stream is iterated or left, a message is taken from it or from the common. */
const STEPS = fc.array(
  fc.tuple(fc.constantFrom("comes", "opens", "leaves", "takes", "takes common"), fc.nat(3)),
  { maxLength: 80, minLength: 10 },
);

/** An inbox with a stream for each of the patterns. */
function inboxOf(patterns: readonly string[]): { inbox: Inbox; streams: Stream[] } {
  const inbox = new Inbox({ patterns: new Set(patterns), onReached: () => {} });
  return { inbox, streams: patterns.map((pattern) => inbox.opened(pattern)) };
}

function message(topic: string, length = 1): Delivery {
  return Delivery.plain(topic, new Uint8Array(length));
}

/** An iteration and what it gave. */
interface Iteration {
  readonly reader: AsyncIterator<unknown, undefined>;
  readonly pattern: string;
  readonly given: Delivery[];
}

async function takeFrom({ reader, given }: Iteration): Promise<void> {
  const { value } = await reader.next();
  assert(value instanceof Delivery);
  given.push(value);
}

Deno.test("every message is given out once in common, or else by subscriptions, by each in order", async () => {
  await fc.assert(
    fc.asyncProperty(STEPS, async (steps) => {
      const { inbox, streams } = inboxOf(PATTERNS);
      const common: Iteration = { reader: inbox.common.reader(), pattern: "#>", given: [] };
      const open = new Map<Stream, Iteration>();
      const iterations: Iteration[] = [];
      const all: Delivery[] = [];
      for (const [what, which] of steps) {
        const stream = streams[which]!;
        const { pattern } = stream;
        const iteration = open.get(stream);
        if (what === "comes") {
          const came = message(TOPICS[which]!);
          all.push(came);
          inbox.add(came);
        } else if (what === "opens" && iteration === undefined) {
          const opened = { reader: inbox.iterate(stream, { gaps: false }), pattern, given: [] };
          open.set(stream, opened);
          iterations.push(opened);
        } else if (what === "leaves") {
          await iteration?.reader.return?.();
          open.delete(stream);
        } else if (what === "takes" && iteration !== undefined && waits(stream)) {
          await takeFrom(iteration);
        } else if (what === "takes common" && waitsInCommon(inbox)) {
          await takeFrom(common);
        }
      }
      for (const { reader } of open.values()) await reader.return?.();
      while (waitsInCommon(inbox)) await takeFrom(common);

      const ofStreams = new Set(iterations.flatMap(({ given }) => given));
      assertEquals(common.given.filter((each) => ofStreams.has(each)).length, 0, "nothing both ways");
      assertEquals(new Set(common.given).size, common.given.length, "nothing twice");
      assertEquals(common.given.length + ofStreams.size, all.length, "nothing is lost");
      for (const { pattern, given } of iterations) {
        assert(given.every(({ topic }) => matches(pattern, topic)));
        const places = given.map(({ place }) => place);
        assertEquals(places, places.toSorted((one, other) => one - other));
        assertEquals(new Set(places).size, places.length);
      }
      for (const { pattern } of streams) {
        const given = iterations.filter((each) => each.pattern === pattern).flatMap((each) => each.given);
        assertEquals(new Set(given).size, given.length, "nor by two iterations of one subscription");
      }
    }),
    { numRuns: 1000 },
  );
});

/** Whether something waits there. */
function waits(stream: Stream): boolean {
  const items = stream.queue?.takeOut(() => true) ?? [];
  for (const item of items) stream.queue?.putBack(item);
  return items.length > 0;
}

function waitsInCommon(inbox: Inbox): boolean {
  const items = inbox.common.takeOut(() => true);
  for (const item of items) inbox.common.putBack(item);
  return items.length > 0;
}

Deno.test("what is given back takes the place it came in among what waits", async () => {
  const { inbox, streams } = inboxOf(["#a", "#b"]);
  const iterator = inbox.iterate(streams[0]!, { gaps: false });
  const came = ["#a", "#b", "#a", "#b"].map((topic) => message(topic));
  for (const each of came) inbox.add(each);
  await iterator.return?.();
  const reader = inbox.common.reader();
  for (const each of came) assertEquals((await reader.next()).value, each);
});

Deno.test("reading goes on when what was full is empty again, ended, left or taken over", async () => {
  const { inbox, streams: [first, second] } = inboxOf(["#a", "#b"]);
  const fill = (topic: string): void => inbox.add(message(topic, 2 * 1024 * 1024));
  fill("#a");
  const heldInCommon = inbox.held();
  assert(heldInCommon !== undefined);
  const iterator = inbox.iterate(first!, { gaps: false });
  await heldInCommon; // it went over to the subscription
  const held = inbox.held();
  assert(held !== undefined, "which is full now");
  await iterator.next();
  await held;
  assertEquals(inbox.held(), undefined);

  inbox.iterate(second!, { gaps: false });
  fill("#b");
  const heldByBoth = inbox.held();
  fill("#a");
  await iterator.next();
  inbox.leave("#b");
  await heldByBoth;
  fill("#b");
  assertEquals(inbox.held(), undefined, "what is being taken back is for nobody");
});
