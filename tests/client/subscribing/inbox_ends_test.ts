/** What an inbox makes of ends, of what is taken back, and of what waits meanwhile. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Gap } from "../../../lib/client/gap.ts";
import { Delivery, type Notice } from "../../../lib/client/links/delivery.ts";
import { Inbox } from "../../../lib/client/subscribing/inbox.ts";
import { QueuedNotice } from "../../../lib/client/subscribing/queued_notice.ts";
import type { Stream } from "../../../lib/client/subscribing/stream.ts";
import { nameOf, type SubscriptionName } from "../../../lib/client/subscribing/subscription_name.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";

/** An inbox of these patterns, with what was reached in it. */
class Tray {
  readonly names: Set<SubscriptionName>;
  readonly reached: string[] = [];
  readonly inbox: Inbox;
  readonly #streams: readonly Stream[];
  #common: AsyncIterator<unknown, undefined> | undefined;

  constructor(...patterns: readonly string[]) {
    const names = patterns.map((pattern) => nameOf(pattern));
    this.names = new Set(names);
    this.inbox = new Inbox({
      names: this.names,
      onReached: (item) => void this.reached.push(item instanceof Gap ? "gap" : item.notice.kind),
    });
    this.#streams = names.map((name) => this.inbox.opened(name));
  }

  stream(at = 0): Stream {
    return this.#streams[at]!;
  }

  /** A message comes. */
  add(topic: string, text = "x"): void {
    this.inbox.add(Delivery.plain(topic, new TextEncoder().encode(text)));
  }

  /** So much that nothing more is to be read. */
  fill(topic: string): void {
    this.inbox.add(Delivery.plain(topic, new Uint8Array(2 * 1024 * 1024)));
  }

  notice(kind: Notice["kind"], pattern: string): QueuedNotice {
    const queued = new QueuedNotice(
      { kind, pattern, group: undefined, reason: "why" },
      Promise.withResolvers(),
    );
    queued.caughtUp.promise.catch(() => {});
    this.inbox.addNotice(queued);
    return queued;
  }

  iterate(stream: Stream): () => Promise<string | undefined> {
    return textsOf(this.inbox.iterate(stream, { gaps: false }));
  }

  /** The next text in common. */
  next(): Promise<string | undefined> {
    this.#common ??= this.inbox.common.reader();
    return textsOf(this.#common)();
  }

  /** All texts that wait in common, which stay there. */
  get waiting(): string[] {
    const items = this.inbox.common.takeOut(() => true);
    for (const item of items) this.inbox.common.putBack(item);
    return items.flatMap((item) => item instanceof Delivery ? [item.text] : []);
  }
}

/** Gives the next text; undefined at the end. */
function textsOf(reader: AsyncIterator<unknown, undefined>): () => Promise<string | undefined> {
  return async () => {
    const { value } = await within("what is given next, or the end", reader.next());
    return value instanceof Delivery ? value.text : undefined;
  };
}

/** Whether it is settled by what has happened so far. */
function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const turned = new Promise<boolean>((resolve) => setTimeout(resolve, 0, false));
  return Promise.race([promise.then(() => true), turned]);
}

Deno.test("that a subscription is live is told in its place among the messages, and they go on", async () => {
  for (const iterated of [false, true]) {
    const tray = new Tray("#a");
    const next = iterated ? tray.iterate(tray.stream()) : () => tray.next();
    tray.add("#a", "stored");
    tray.notice("live", "#a");
    tray.add("#a", "new");
    assertEquals([await next(), tray.reached], ["stored", []]);
    assertEquals([await next(), tray.reached], ["new", ["live"]]);
    assertEquals([tray.stream().state, tray.inbox.streamOf(nameOf("#a"))], ["live", tray.stream()]);
  }
});

Deno.test("an iteration that begins behind what was told of it goes on with what comes", async () => {
  const tray = new Tray("#a");
  tray.add("#a", "stored");
  tray.notice("live", "#a");
  const next = tray.iterate(tray.stream());
  assertEquals(await next(), "stored");
  const coming = next();
  tray.add("#a", "new");
  assertEquals(await coming, "new");
});

Deno.test("an end comes to who iterates behind the messages, and what comes later is for others", async () => {
  const tray = new Tray("#a");
  const stream = tray.stream();
  const next = tray.iterate(stream);
  tray.add("#a", "last");
  tray.notice("end", "#a");
  assertEquals([stream.state, tray.inbox.isIterated(stream)], ["ended", false]);
  assertEquals(tray.inbox.streamOf(nameOf("#a")), undefined, "who subscribes again has another");
  tray.add("#a", "of another");
  assertEquals([await next(), tray.reached], ["last", []]);
  assertEquals([await next(), tray.reached, stream.state], [undefined, ["end"], "over"]);
  assertEquals(tray.waiting, ["of another"]);
});

Deno.test("an end that waits in common is where an iteration ends that begins later", async () => {
  const tray = new Tray("#a", "#b");
  const stream = tray.stream();
  tray.add("#a", "one");
  tray.add("#b", "other");
  tray.inbox.add(new Gap("#b", 3));
  tray.add("#a", "two");
  tray.notice("end", "#a");
  const again = tray.inbox.opened(nameOf("#a"));
  assert(again !== stream);
  tray.add("#a", "again");
  const next = tray.iterate(stream);
  assertEquals([await next(), await next(), await next()], ["one", "two", undefined]);
  assertEquals([stream.state, tray.reached], ["over", ["end"]]);
  assertEquals(await tray.iterate(again)(), "again");
  assertEquals([await tray.next(), tray.reached], ["other", ["end"]], "the gap is told where it stands");
});

Deno.test("why a subscription ended early is thrown behind its messages, to who iterates or begins later", async () => {
  const kinds: [Notice["kind"], new (...words: never[]) => Error][] = [
    ["failed", RunError],
    ["ended", RefusedError],
  ];
  for (const [kind, type] of kinds) {
    for (const later of [false, true]) {
      const tray = new Tray("#a");
      const early = later ? undefined : tray.iterate(tray.stream());
      tray.add("#a", "last");
      tray.notice(kind, "#a");
      const next = early ?? tray.iterate(tray.stream());
      assertEquals(await next(), "last");
      const error = await assertRejects(next, Error, "why");
      assert(error instanceof type, error.name);
      assertEquals(await next(), undefined);
    }
  }
});

Deno.test("what is given back behind an end takes its place before what has come since", async () => {
  const tray = new Tray("#a", "#b");
  for (const text of ["1", "2", "3"]) tray.add("#a", text);
  tray.notice("end", "#a");
  const reader = tray.inbox.iterate(tray.stream(), { gaps: false });
  assertEquals(await textsOf(reader)(), "1");
  tray.add("#b", "4");
  tray.add("#b", "5");
  await reader.return?.();
  assertEquals(tray.waiting, ["2", "3", "4", "5"]);
  for (const text of ["2", "3"]) assertEquals([await tray.next(), tray.reached], [text, []]);
  assertEquals([await tray.next(), tray.reached], ["4", ["end"]], "the end has its place, too");
});

Deno.test("gaps and notices that are given back keep their places", async () => {
  const tray = new Tray("#a", "#b");
  const reader = tray.inbox.iterate(tray.stream(), { gaps: true });
  tray.add("#b", "1");
  tray.inbox.add(new Gap("#a", 1));
  tray.add("#b", "2");
  tray.notice("live", "#a");
  tray.add("#b", "3");
  await reader.return?.();
  const told: unknown[] = [];
  for (let at = 0; at < 3; at++) told.push(await tray.next(), ...tray.reached.splice(0));
  assertEquals(told, ["1", "2", "gap", "3", "live"]);
});

Deno.test("an inbox that is over gives what waits, and then its end or its error to each that was live", async () => {
  const ended = new Tray("#a", "#b");
  const early = ended.iterate(ended.stream(1));
  ended.add("#a", "1");
  ended.inbox.end();
  const later = ended.iterate(ended.stream());
  assertEquals([await later(), await later(), await early()], ["1", undefined, undefined]);

  const failed = new Tray("#a", "#b", "#c");
  const iterating = failed.iterate(failed.stream(1));
  failed.add("#a", "1");
  failed.inbox.closed(nameOf("#c"));
  failed.inbox.fail(new RunError("lost the broker"));
  await assertRejects(iterating, RunError, "lost the broker");
  const next = failed.iterate(failed.stream());
  assertEquals(await next(), "1");
  await assertRejects(next, RunError, "lost the broker");
  assertEquals(await failed.iterate(failed.stream(2))(), undefined, "it was over before");
});

Deno.test("an inbox stalls when it is full and nothing is read any more, and anew when it is full again", async () => {
  const tray = new Tray("#a");
  const first = tray.inbox.stalled();
  assertEquals(await isSettled(first), false, "there is room");
  tray.fill("#a");
  assert(tray.inbox.held() !== undefined);
  await within("the stall", first);
  await within("the stall of one that is full", tray.inbox.stalled());
  await tray.next();
  assertEquals(tray.inbox.held(), undefined);
  const second = tray.inbox.stalled();
  assertEquals(await isSettled(second), false, "there is room again");
  tray.fill("#a");
  tray.inbox.held();
  await within("the second stall", second);
});

Deno.test("reading waits until neither what waits in common nor what is iterated is full", async () => {
  const tray = new Tray("#a", "#b");
  const next = tray.iterate(tray.stream());
  tray.fill("#a");
  tray.fill("#b");
  const held = tray.inbox.held();
  assert(held !== undefined);
  await tray.next();
  assertEquals(await isSettled(held), false, "the subscription is full");
  await next();
  await within("room", held);
});

Deno.test("what comes of a subscription that is being taken back is dropped, until it is closed or stays", async () => {
  const tray = new Tray("#a", "#b");
  const [stream, name] = [tray.stream(), nameOf("#a")];
  tray.iterate(tray.stream(1));
  tray.add("#a", "before");
  tray.inbox.leave(name);
  tray.add("#a", "dropped");
  tray.inbox.add(new Gap("#a", 1));
  const notice = tray.notice("live", "#a");
  await assertRejects(
    () => within("its end", notice.caughtUp.promise),
    RunError,
    "was unsubscribed before all of it had come",
  );
  assertEquals([tray.waiting, stream.state], [["before"], "over"]);
  tray.inbox.stays(name);
  const again = tray.inbox.streamOf(name);
  assert(again !== undefined && again !== stream, "who had it was told that it is over");
  tray.add("#a", "stays");
  assertEquals(tray.waiting, ["before", "stays"]);
  tray.inbox.stays(name);
  assertEquals(tray.inbox.streamOf(name), again, "it was not being taken back");
  tray.inbox.leave(name);
  tray.add("#a", "dropped");
  tray.inbox.closed(name);
  assertEquals(tray.inbox.streamOf(name), undefined);
  tray.add("#a", "of nobody");
  assertEquals(tray.waiting, ["before", "stays", "of nobody"]);
});

Deno.test("what another subscription that stays takes in is kept while one is taken back", () => {
  const tray = new Tray("#a", "#*");
  tray.inbox.leave(nameOf("#a"));
  tray.add("#a", "wanted");
  tray.inbox.leave(nameOf("#*"));
  tray.add("#a", "dropped");
  assertEquals(tray.waiting, ["wanted"]);
});

Deno.test("who iterates over what is being taken back is given what had come, and its end", async () => {
  const tray = new Tray("#a");
  const next = tray.iterate(tray.stream());
  tray.add("#a", "1");
  tray.inbox.leave(nameOf("#a"));
  assertEquals(tray.inbox.isIterated(tray.stream()), false);
  tray.add("#a", "2");
  assertEquals([await next(), await next()], ["1", undefined]);
});

Deno.test("what was granted too late is dropped until it is closed, stays, or is subscribed to again", () => {
  const name = nameOf("#late");
  for (const how of ["closed", "stays", "opened"] as const) {
    const tray = new Tray("#a");
    // what is iterated makes where topics go be remembered
    tray.iterate(tray.stream());
    tray.add("#late", "before");
    tray.inbox.refuse(name);
    tray.add("#late", "dropped");
    tray.add("#else", "of nobody");
    tray.inbox[how](name);
    tray.add("#late", "after");
    assertEquals(tray.waiting, ["before", "of nobody", "after"], how);
  }
});

Deno.test("what is refused and what is taken back are dropped beside each other, with nothing iterated", () => {
  const tray = new Tray("#a");
  tray.inbox.refuse(nameOf("#late"));
  tray.inbox.leave(nameOf("#a"));
  tray.add("#a");
  tray.add("#late");
  assertEquals(tray.waiting, []);
});

Deno.test("what waits for a subscription alone is dropped with it, up to its end, and what others want stays", async () => {
  const tray = new Tray("#*", "#a");
  const stream = tray.stream();
  tray.add("#a", "wanted");
  tray.add("#b", "alone");
  const notice = tray.notice("end", "#*");
  tray.add("#b", "of nobody");
  tray.inbox.drop(stream);
  assertEquals([tray.waiting, stream.state], [["wanted", "of nobody"], "over"]);
  await assertRejects(
    () => within("its end", notice.caughtUp.promise),
    RunError,
    '"#*" was unsubscribed before',
  );
  assertEquals(await tray.iterate(stream)(), undefined);

  const live = new Tray("#a");
  live.add("#a");
  live.inbox.drop(live.stream());
  assertEquals([live.waiting, live.stream().state], [[], "live"], "what comes later comes");
});

Deno.test("a message that two iterate over and one gives up is not given out in common", async () => {
  const tray = new Tray("#a", "#*");
  const readers = [0, 1].map((at) => tray.inbox.iterate(tray.stream(at), { gaps: false }));
  tray.add("#a", "both");
  tray.inbox.leave(nameOf("#a"));
  await readers[0]!.return?.();
  assertEquals(tray.waiting, []);
  await readers[1]!.return?.();
  assertEquals(tray.waiting, ["both"], "the other gave it up, too");
});
