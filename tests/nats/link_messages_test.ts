import { assert, assertEquals } from "@std/assert";
import type { NatsMessage } from "../../lib/engine/nats/port.ts";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { type NatsServers, NEEDS_NATS, startNats } from "../support/nats_server.ts";
import { within } from "../support/within.ts";

const encoder = new TextEncoder();
const NOTHING = encoder.encode("");

interface Bench extends AsyncDisposable {
  readonly nats: NatsServers;
  /** What it sends comes back. */
  readonly link: NatsConnectionLink;
  readonly other: NatsConnectionLink;
}

async function bench(config = ""): Promise<Bench> {
  const nats = await startNats({ config });
  const options = { servers: nats.servers, name: "x", credentials: {}, echo: true, timeout: 5_000 };
  const [link, other] = [await NatsConnectionLink.open(options), await NatsConnectionLink.open(options)];
  return {
    nats,
    link,
    other,
    [Symbol.asyncDispose]: async () => {
      for (const each of [link, other]) await new Promise<void>((resolve) => each.close(resolve));
      await nats[Symbol.asyncDispose]();
    },
  };
}

/** All that was published over it before has come where it is subscribed to. */
async function flushed(...links: readonly NatsConnectionLink[]): Promise<void> {
  for (const link of links) {
    assertEquals(await within("a flush", new Promise<boolean>((resolve) => link.flush(resolve))), true);
  }
}

/** A message as it came: it is read when it is asked for. */
function shown(message: NatsMessage): unknown {
  const { subject, reply, hasHeaders, headers, status, description, bytes } = message;
  return { subject, reply, hasHeaders, headers, status, description, text: new TextDecoder().decode(bytes) };
}

Deno.test({
  name:
    "a message comes with the headers it was sent with, in their order, and with where an answer is to go",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link, other } = made;
    const came: unknown[] = [];
    link.subscribe("a", (message) => came.push(shown(message)));
    await flushed(link);
    const headers = [["One", "1"], ["Two", "x y"], ["One", "2"]] as const;
    other.publish("a", encoder.encode("plain"));
    other.publish("a", encoder.encode("answer me"), { reply: "b" });
    other.publish("a", encoder.encode("headed"), { headers });
    other.publish("a", encoder.encode("both"), { headers: headers.slice(0, 1), reply: "c" });
    await flushed(other, link);
    const none = { subject: "a", reply: "", hasHeaders: false, headers: undefined, status: 0 };
    const plain = { ...none, description: undefined };
    assertEquals(came.slice(0, 2), [{ ...plain, text: "plain" }, {
      ...plain,
      reply: "b",
      text: "answer me",
    }]);
    const headed = { ...none, hasHeaders: true, description: "" };
    assertEquals(came.slice(2), [
      { ...headed, headers: [["One", "1"], ["One", "2"], ["Two", "x y"]], text: "headed" },
      { ...headed, reply: "c", headers: [["One", "1"]], text: "both" },
    ]);
  },
});

Deno.test({
  name: "that nobody is there to answer comes as a message with what NATS says of it",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link } = made;
    const statuses: unknown[] = [];
    link.subscribe("answers", ({ status, hasHeaders }) => statuses.push([status, hasHeaders]));
    link.publish("nobody", NOTHING, { reply: "answers" });
    await flushed(link);
    assertEquals(statuses, [[503, true]]);
  },
});

Deno.test({
  name: "of those that have a queue in common one gets each message, and all of the others do",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link, other } = made;
    const came = { queued: 0, alone: 0 };
    for (const each of [link, other]) {
      each.subscribe("a", () => came.queued++, { queue: "q" });
      each.subscribe("a", () => came.alone++);
    }
    await flushed(link, other);
    for (let at = 0; at < 20; at++) link.publish("a", NOTHING);
    await flushed(link, other, link);
    assertEquals(came, { queued: 20, alone: 40 });
  },
});

Deno.test({
  name: "behind all messages of a read, and not behind each, it is told that it is over",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link, other } = made;
    const told: string[] = [];
    for (const name of ["one", "two"]) link.watch({ read: () => told.push(`read ${name}`) });
    link.watch({});
    link.subscribe("a", ({ bytes }) => told.push(`message ${bytes.length}`));
    await flushed(link);
    assertEquals(told, [], "an answer of NATS is no message");
    for (let round = 0; round < 2; round++) {
      for (let length = 1; length <= 3; length++) other.publish("a", new Uint8Array(length));
      await flushed(other, link);
      assertEquals(told.splice(0), ["message 1", "message 2", "message 3", "read one", "read two"]);
    }
  },
});

Deno.test({
  name: "what a reader throws is reported, and the next message comes",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link, other } = made;
    const reported: unknown[] = [];
    const onError = (event: ErrorEvent): void => {
      event.preventDefault();
      reported.push(event.error.message);
    };
    globalThis.addEventListener("error", onError);
    try {
      let came = 0;
      link.subscribe("a", () => {
        if (++came === 1) throw new Error("a defect");
      });
      await flushed(link);
      for (let at = 0; at < 3; at++) other.publish("a", NOTHING);
      await flushed(other, link);
      assertEquals([came, reported], [3, ["a defect"]]);
    } finally {
      globalThis.removeEventListener("error", onError);
    }
  },
});

Deno.test({
  name: "a subscription that is drained gives what NATS has sent by then, and nothing once it is over",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link, other } = made;
    let came = 0;
    const subscription = link.subscribe("a", () => came++);
    await flushed(link);
    for (let at = 0; at < 5; at++) other.publish("a", NOTHING);
    await flushed(other);
    subscription.drain();
    await flushed(link);
    assertEquals(came, 5);
    other.publish("a", NOTHING);
    await flushed(other, link);
    assertEquals(came, 5);
    const ended = link.subscribe("b", () => came++);
    ended.unsubscribe();
    ended.drain();
    other.publish("b", NOTHING);
    await flushed(link, other, link);
    assertEquals(came, 5, "there is nothing to drain of what is ended");
  },
});

Deno.test({
  name: "a link says how much it may send, and what it has sent and got, over which server",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench("max_payload: 2000000");
    const { link, nats } = made;
    assertEquals([link.up, link.maxPayload], [true, 2_000_000]);
    link.subscribe("a", () => {});
    for (let at = 0; at < 3; at++) link.publish("a", new Uint8Array(10));
    await flushed(link);
    const { inMessages, outMessages, inBytes, outBytes, ...rest } = link.state;
    assertEquals([inMessages, outMessages], [3, 3]);
    assert(inBytes >= 30 && outBytes >= 30);
    const { version } = link.connection.info!;
    assertEquals(rest, { server: nats.server, version, up: true, reconnects: 0 });
  },
});

Deno.test({
  name: "flushes are answered in the order in which they were asked for, behind what was published before",
  ...NEEDS_NATS,
  fn: async () => {
    await using made = await bench();
    const { link } = made;
    const told: unknown[] = [];
    link.subscribe("a", ({ bytes }) => told.push(bytes.length));
    const { promise, resolve } = Promise.withResolvers<void>();
    for (let at = 1; at <= 3; at++) {
      link.publish("a", new Uint8Array(at));
      link.flush((taken) => {
        told.push(`flush ${at} ${taken}`);
        if (at === 3) resolve();
      });
    }
    assertEquals(told, [], "not before it returns");
    await within("the last flush", promise);
    for (let at = 1; at <= 3; at++) assert(told.indexOf(at) < told.indexOf(`flush ${at} true`), `${told}`);
    assertEquals(told.filter((each) => typeof each === "string"), [
      "flush 1 true",
      "flush 2 true",
      "flush 3 true",
    ]);
  },
});
