import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect, headers, type Msg } from "@nats-io/transport-node";
import type { Run, Subscriber } from "../../../lib/engine/types.ts";
import { confirmed, natsEngine, newPrefix } from "../../support/nats_engine.ts";
import { type NatsServers, NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { become } from "../../support/within.ts";
import { Recorder, Sender } from "../case_parts.ts";

let nats: NatsServers;
Deno.test.beforeAll(async () => {
  if (!NEEDS_NATS.ignore) nats = await startNats();
});
Deno.test.afterAll(async () => await nats?.[Symbol.asyncDispose]());
const decoder = new TextDecoder();

Deno.test({
  name:
    "what a NATS program writes comes as a message with its headers, ids, keys, ttl and reply as fields (N6)",
  ...NEEDS_NATS,
  fn: async () => {
    const prefix = newPrefix();
    await using bench = await natsEngine(nats.servers, { prefix });
    await using program = await connect({ servers: nats.servers });
    const texts = new Texts();
    bench.engine.subscribe("#shop.*", texts);
    await confirmed(bench);
    program.publish(`${prefix}.memory.one.shop.a`, "plain");
    const named = headers();
    for (
      const [name, value] of [["hashbus-id", "7"], ["Hashbus-Key", "k 1"], ["Hashbus-Ttl", "60"]] as const
    ) {
      named.append(name, value);
    }
    named.append("trace", "a=b c");
    named.append("Nats-Msg-Id", "not for us");
    named.append("Hashbus-Fields", "h.%20=x other=1");
    program.publish(`${prefix}.memory.one.shop.b`, "rich\nlines", {
      headers: named,
      reply: `${prefix}.memory.one.inbox.q`,
    });
    program.publish(`${prefix}.memory.one.shop.c`, "asks", { reply: "_INBOX.elsewhere.1" });
    await become(() => texts.got.length === 3);
    assertEquals(texts.got, [
      "pub #shop.a 5\nplain\n",
      "pub #shop.b 10 reply=#inbox.q id=7 key=k%201 ttl=60 h.trace=a=b%20c h.%20=x other=1\nrich\nlines\n",
      "pub #shop.c 4\nasks\n",
    ]);
    assertEquals(bench.unreadable, []);
  },
});

Deno.test({
  name: "what nobody of ours would have sent is left out and counted, and what follows comes",
  ...NEEDS_NATS,
  fn: async () => {
    const prefix = newPrefix();
    await using bench = await natsEngine(nats.servers, { prefix });
    await using program = await connect({ servers: nats.servers });
    const texts = new Texts();
    bench.engine.subscribe("#>", texts);
    await confirmed(bench);
    const junk = [
      ["run.a", "no stamp at all"],
      ["run.a", "me 1\npub #a 3\none"],
      ["run.a", "me 2\npub #b 3\none\n"],
      ["run.a", "me 3\npub #a 03\none\n"],
      ["run.a", "me 4\npub #a 3 \x01=x\none\n"],
      ["run.a", "me 5\npub #a 3 ttl=no\none\n"],
      ["run.a", "me 6\npub #a 3 nothing\none\n"],
      ["run.a", "me 7\n"],
      ["one.a\u200b", "invisible"],
      ["other.a", "another kind"],
    ];
    for (const [subject, text] of junk) program.publish(`${prefix}.memory.${subject}`, text!);
    const bad = headers();
    bad.append("Hashbus-Ttl", "soon");
    program.publish(`${prefix}.memory.one.a`, "x", { headers: bad });
    program.publish(`${prefix}.memory.run.a`, "me 8\npub #a 3\none\npub #a 0 h.x=\u00e9\n\n");
    await become(() => texts.got.length === 1);
    assertEquals(texts.got, ["pub #a 3\none\npub #a 0 h.x=\u00e9\n\n"]);
    assertEquals(bench.unreadable.length, junk.length + 1, bench.unreadable.join("\n"));
    assertMatch(bench.unreadable[0]!, /^what was packed to #a has no stamp$/);
    assertEquals(bench.engine.snapshot().link?.unreadable, junk.length + 1);
  },
});

Deno.test({
  name: "a NATS program reads topics that are plain, each message with its headers, and brokers as ever",
  ...NEEDS_NATS,
  fn: async () => {
    const prefix = newPrefix();
    await using a = await natsEngine(nats.servers, { prefix, plain: ["#shop.>"] });
    await using b = await natsEngine(nats.servers, { prefix });
    await using program = await connect({ servers: nats.servers });
    const [got, texts] = [[] as Msg[], new Texts()];
    program.subscribe(`${prefix}.memory.one.>`, { callback: (_, message) => void got.push(message) });
    await program.flush();
    b.engine.subscribe("#shop.*", texts);
    b.engine.subscribe("#*.a", texts);
    await confirmed(b);
    const sender = new Sender(a);
    await sender.publish("#shop.a", "one", {
      text: "two",
      id: "2 key=a%20b reply=inbox.x h.a=1 h.b%20c=2 ttl=9",
    });
    await sender.publish("#packed", "three");
    await become(() => got.length === 2 && texts.got.length === 2);
    assertEquals(got.map((message) => decoder.decode(message.data)), ["one", "two"]);
    const { headers: named, reply } = got[1]!;
    const seen = ["Hashbus-Id", "Hashbus-Key", "Hashbus-Ttl", "a", "Hashbus-Fields"].map((name) =>
      named!.get(name)
    );
    assertEquals(seen, ["2", "a b", "9", "1", "h.b%20c=2"]);
    assertEquals(reply, `${prefix}.memory.one.inbox.x`);
    assertEquals(texts.got, [
      "pub #shop.a 3\none\n",
      "pub #shop.a 3 reply=#inbox.x id=2 key=a%20b ttl=9 h.a=1 h.b%20c=2\ntwo\n",
    ]);
  },
});

Deno.test({
  name: "requests go both ways between NATS programs and ours (R1)",
  ...NEEDS_NATS,
  fn: async () => {
    const prefix = newPrefix();
    await using bench = await natsEngine(nats.servers, { prefix, plain: ["#>"] });
    await using program = await connect({ servers: nats.servers, inboxPrefix: `${prefix}.memory.one.inbox` });
    const sender = new Sender(bench);
    const answering = new Texts((text) => {
      const [, topic = ""] = /reply=(\S+)/.exec(text) ?? [];
      sender.send(topic, "ours");
    });
    bench.engine.subscribe("#ask.ours", answering);
    await confirmed(bench);
    assertEquals(
      (await program.request(`${prefix}.memory.one.ask.ours`, "?", { timeout: 5_000 })).string(),
      "ours",
    );

    program.subscribe(`${prefix}.memory.one.ask.theirs`, {
      callback: (_, message) => void message.respond("theirs"),
    });
    await program.flush();
    const answers = new Recorder();
    bench.engine.subscribe("#_reply.me.*", answers);
    await confirmed(bench);
    await sender.publish("#ask.theirs", { text: "?", id: "1 reply=#_reply.me.1" });
    await answers.has(1);
    assertEquals(answers.got, ["theirs"]);
    assert(bench.unreadable.length === 0);
  },
});

Deno.test({
  name: "a message that is larger than NATS takes is refused, and says what it takes",
  ...NEEDS_NATS,
  fn: async () => {
    const prefix = newPrefix();
    await using bench = await natsEngine(nats.servers, { prefix });
    const sender = new Sender(bench);
    const large = "x".repeat(bench.link.maxPayload);
    assertMatch(
      `${await sender.publish("#a", large)}`,
      /^PAYLOAD_TOO_LARGE: NATS takes messages of \d+ bytes here/,
    );
    const recorder = new Recorder();
    await using other = await natsEngine(nats.servers, { prefix });
    other.engine.subscribe("#a", recorder);
    await confirmed(other);
    const texts = Array.from({ length: 40 }, (_, at) => `${at}`.padEnd(50_000, "."));
    assert(typeof await sender.publish("#a", ...texts) === "object");
    await recorder.has(texts.length);
    assertEquals(recorder.got, texts, "a run that is larger goes in parts");
  },
});

/** Takes messages as records. */
class Texts implements Subscriber {
  readonly connection = {};
  readonly rank = 0;
  readonly leavesOut = false;
  readonly full = false;
  readonly got: string[] = [];
  readonly #then: (text: string) => void;

  constructor(then: (text: string) => void = () => {}) {
    this.#then = then;
  }

  deliver(run: Run): void {
    const text = decoder.decode(run.records.view);
    this.got.push(text);
    this.#then(text);
  }

  whenNotFull(): void {}
}
