import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Delivery, SharedDelivery } from "../../../lib/client/links/delivery.ts";
import { Inbox } from "../../../lib/client/subscribing/inbox.ts";
import type { Stream } from "../../../lib/client/subscribing/stream.ts";
import { QueuedNotice } from "../../../lib/client/subscribing/queued_notice.ts";
import { nameOf, type SubscriptionName, takesIn } from "../../../lib/client/subscribing/subscription_name.ts";
import { within } from "../../support/within.ts";

const NAMES = [
  nameOf("#a"),
  nameOf("#*"),
  nameOf("#b.>"),
  nameOf("#b.c"),
  nameOf("#a", "g"),
  nameOf("#b.>", "g"),
  nameOf("#a", "other"),
];
/** A topic, and as whose member it comes. */
const KINDS: [topic: string, group?: string][] = [
  ["#a"],
  ["#d"],
  ["#b.c"],
  ["#b.d"],
  ["#a", "g"],
  ["#b.c", "g"],
  ["#a", "other"],
];

/** What happens: a message comes, a stream is iterated or left, a message is taken from it or from the common. */
const STEPS = fc.array(
  fc.tuple(fc.constantFrom("comes", "opens", "leaves", "takes", "takes common"), fc.nat(6)),
  { maxLength: 120, minLength: 10 },
);

/** An inbox with a stream for each of the names. */
function inboxOf(names: readonly SubscriptionName[]): { inbox: Inbox; streams: Stream[] } {
  const inbox = new Inbox({ names, onReached: () => {} });
  return { inbox, streams: names.map((name) => inbox.opened(name)) };
}

function message(topic: string, length = 1): Delivery {
  return Delivery.plain(topic, new Uint8Array(length));
}

/** A message for a member of a group. */
function shared(topic: string, group: string, length = 1): SharedDelivery {
  const where = { bytes: new Uint8Array(length), payloadStart: 0, payloadEnd: length };
  return new SharedDelivery(topic, { ...where, fieldsStart: 0, fieldsEnd: 0, group, seq: -1, time: -1 });
}

/** One comes, which a link would hand on like that. */
function add(inbox: Inbox, came: Delivery): void {
  if (came instanceof SharedDelivery) inbox.addShared(came);
  else inbox.add(came);
}

/** An iteration and what it gave. */
interface Iteration {
  readonly reader: AsyncIterator<unknown, undefined>;
  readonly name: SubscriptionName | undefined;
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
      const { inbox, streams } = inboxOf(NAMES);
      const common: Iteration = { reader: inbox.common.reader(), name: undefined, given: [] };
      const open = new Map<Stream, Iteration>();
      const iterations: Iteration[] = [];
      const all: Delivery[] = [];
      for (const [what, which] of steps) {
        const stream = streams[which]!;
        const { name } = stream;
        const iteration = open.get(stream);
        if (what === "comes") {
          const [topic, group] = KINDS[which]!;
          const came = group === undefined ? message(topic) : shared(topic, group);
          all.push(came);
          add(inbox, came);
        } else if (what === "opens" && iteration === undefined) {
          const opened = { reader: inbox.iterate(stream, { gaps: false }), name, given: [] };
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
      for (const { name, given } of iterations) {
        assert(given.every((each) => takesIn(name!, each)));
        const places = given.map(({ place }) => place);
        assertEquals(places, places.toSorted((one, other) => one - other));
        assertEquals(new Set(places).size, places.length);
      }
      for (const { name } of streams) {
        const given = iterations.filter((each) => each.name === name).flatMap((each) => each.given);
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

/** What is given next, waited for. */
function next(reader: AsyncIterator<unknown, undefined>): Promise<IteratorResult<unknown, undefined>> {
  return within("what is given next", reader.next());
}

/** Resolves when it holds nobody back any more. */
function room(held: Promise<void> | undefined): Promise<void> {
  return within("room", Promise.resolve(held));
}

Deno.test("what is given back takes the place it came in among what waits", async () => {
  const { inbox, streams } = inboxOf([nameOf("#a"), nameOf("#b")]);
  const iterator = inbox.iterate(streams[0]!, { gaps: false });
  const came = ["#a", "#b", "#a", "#b"].map((topic) => message(topic));
  for (const each of came) inbox.add(each);
  await iterator.return?.();
  const reader = inbox.common.reader();
  for (const each of came) assertEquals((await next(reader)).value, each);
});

Deno.test("reading goes on when what was full is empty again, ended, left or taken over", async () => {
  const { inbox, streams: [first, second] } = inboxOf([nameOf("#a"), nameOf("#b")]);
  const fill = (topic: string): void => inbox.add(message(topic, 2 * 1024 * 1024));
  fill("#a");
  const heldInCommon = inbox.held();
  assert(heldInCommon !== undefined);
  const iterator = inbox.iterate(first!, { gaps: false });
  await room(heldInCommon); // it went over to the subscription
  const held = inbox.held();
  assert(held !== undefined, "which is full now");
  await next(iterator);
  await room(held);
  assertEquals(inbox.held(), undefined);

  inbox.iterate(second!, { gaps: false });
  fill("#b");
  const heldByBoth = inbox.held();
  fill("#a");
  await next(iterator);
  inbox.leave(nameOf("#b"));
  await room(heldByBoth);
  fill("#b");
  assertEquals(inbox.held(), undefined, "what is being taken back is for nobody");
});

Deno.test("who iterates as a member of a group that is being left is given all that comes, however much, and then its end", async () => {
  const [group, plain] = [nameOf("#a", "g"), nameOf("#a")];
  const { inbox, streams: [stream, other] } = inboxOf([group, plain]);
  const reader = inbox.iterate(stream!, { gaps: false });
  const large = (): SharedDelivery => shared("#a", "g", 2 * 1024 * 1024);
  const came = [large(), large(), large()];
  add(inbox, came[0]!);
  const held = inbox.held();
  assert(held !== undefined);
  inbox.leave(group);
  await room(held);
  for (const each of came.slice(1)) add(inbox, each);
  assertEquals(inbox.held(), undefined, "its answer can come, whoever takes what waits");
  inbox.closed(group);
  for (const each of came) assertEquals((await next(reader)).value, each);
  assertEquals((await next(reader)).done, true);

  inbox.iterate(other!, { gaps: false });
  inbox.leave(plain);
  assertEquals(other!.state, "over", "of others what comes is dropped");
});

Deno.test("a group that could not be left goes on as it was; one whose reader has gone while it is left drops what comes", async () => {
  const name = nameOf("#a", "g");
  const { inbox, streams: [stream] } = inboxOf([name]);
  let reader = inbox.iterate(stream!, { gaps: false });
  inbox.leave(name);
  inbox.stays(name);
  reader.return?.();
  inbox.leave(name);
  add(inbox, shared("#a", "g"));
  assertEquals(waitsInCommon(inbox), false, "what comes is dropped");
  inbox.stays(name);
  const early = shared("#a", "g");
  add(inbox, early);
  reader = inbox.iterate(stream!, { gaps: false });
  assertEquals((await next(reader)).value, early, "it is a member again");
  const first = shared("#a", "g", 2 * 1024 * 1024);
  add(inbox, first);
  assert(inbox.held() !== undefined, "it holds back again");
  assertEquals((await next(reader)).value, first);
  inbox.leave(name);
  add(inbox, shared("#a", "g"));
  await reader.return?.();
  add(inbox, shared("#a", "g"));
  assertEquals(waitsInCommon(inbox), false);
  inbox.closed(name);
  reader = inbox.iterate(stream!, { gaps: false });
  assertEquals((await next(reader)).done, true);
});

Deno.test("what a group was given that the broker ends while it is left is its reader's, and given up with it", async () => {
  const name = nameOf("#a", "g");
  const { inbox, streams: [stream] } = inboxOf([name]);
  const reader = inbox.iterate(stream!, { gaps: false });
  const came = [shared("#a", "g"), shared("#a", "g")];
  for (const each of came) add(inbox, each);
  inbox.leave(name);
  const ended = { kind: "ended", pattern: "#a", group: "g", reason: "" } as const;
  const caughtUp = Promise.withResolvers<void>();
  caughtUp.promise.catch(() => {});
  inbox.addNotice(new QueuedNotice(ended, caughtUp));
  assertEquals((await next(reader)).value, came[0]);
  await reader.return?.();
  assertEquals(waitsInCommon(inbox), false);
});
