import { assertEquals, assertThrows } from "@std/assert";
import { SYSTEM_CLOCK } from "../../lib/clock.ts";
import fc from "fast-check";
import { Chunk, ChunkPool } from "../../lib/buffers.ts";
import { Counters } from "../../lib/counters.ts";
import { MemoryEngine } from "../../lib/engine/memory.ts";
import type { Publisher, Run } from "../../lib/engine/types.ts";
import { FlushList } from "../../lib/flush_list.ts";
import { HeldMemory } from "../../lib/held_memory.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { CLASSIC, FRAMES, type Protocol } from "../../lib/protocols/mod.ts";
import { Outbox } from "../../lib/sessions/outbox/outbox.ts";
import { AccountUses } from "../../lib/sessions/admission/account_uses.ts";
import { Lobby } from "../../lib/sessions/admission/lobby.ts";
import { Session } from "../../lib/sessions/session.ts";
import { Turns } from "../../lib/sessions/turns/turns.ts";
import { PatternBudget } from "../../lib/topics/pattern_budget.ts";
import { matches } from "../../lib/topics/topic.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BOTH = new Set(["publisher", "subscriber"] as const);

/** Counts what it is given. */
class CountingEngine extends MemoryEngine {
  runs = 0;

  override publish(run: Run, _publisher?: Publisher): ReturnType<MemoryEngine["publish"]> {
    this.runs++;
    return super.publish(run);
  }
}

/** Sessions of one broker without their sockets. */
class Bench {
  readonly #counters = new Counters();
  readonly pool = new ChunkPool();
  readonly #memory = new HeldMemory({ most: DEFAULT_LIMITS.memory, pool: this.pool });
  readonly engine = new CountingEngine({
    seed: 1,
    counters: this.#counters,
    flushes: new FlushList(),
    countsTopics: true,
  });
  readonly turns = new Turns({ later: () => {}, settled: () => {}, now: () => 0 }, () => {});
  readonly settings = {
    engine: this.engine,
    counters: this.#counters,
    version: "0",
    limits: DEFAULT_LIMITS,
    slowConsumer: "block" as const,
    stallTimeout: 1000,
    now: () => 0,
    clock: SYSTEM_CLOCK,
    log: SILENT_LOG,
    pool: this.pool,
    memory: this.#memory,
    patterns: new PatternBudget(this.#memory),
    flushes: new FlushList(),
    turns: this.turns,
    lobby: new Lobby(10_000),
    accounts: new AccountUses(),
  };
  readonly peers: Peer[] = [];

  connect(protocol: Protocol): Peer {
    const peer = new Peer(this, protocol);
    this.peers.push(peer);
    return peer;
  }
}

/** A session, what it sends and what it is sent. */
class Peer {
  readonly protocol: Protocol;
  readonly #bench: Bench;
  readonly #outbox: Outbox;
  readonly #session: Session;
  #unread = new Uint8Array(0);
  #text = "";

  constructor(bench: Bench, protocol: Protocol) {
    this.protocol = protocol;
    this.#bench = bench;
    this.#outbox = new Outbox(bench.settings, {
      onReady: () => {},
      onEvicted: () => {},
      onDropping: () => {},
    });
    const listener = { name: "test", roles: BOTH, protocol };
    this.#session = new Session(bench.settings, { listener, outbox: this.#outbox, address: "memory" });
  }

  get #v2(): boolean {
    return this.protocol === FRAMES;
  }

  /** As one read. Who stands still goes on when all have been written to. */
  send(text: string | Uint8Array): void {
    const more = typeof text === "string" ? encoder.encode(text) : text;
    const chunk = new Chunk(new Uint8Array(4 * Math.ceil((this.#unread.length + more.length + 1) / 4)));
    chunk.bytes.set(this.#unread);
    chunk.bytes.set(more, this.#unread.length);
    const end = this.#unread.length + more.length;
    this.#bench.turns.begin();
    this.#session.receive(chunk, 0, end);
    while (this.#session.more || this.#session.waitsFor !== undefined) {
      for (const peer of this.#bench.peers) peer.write();
      this.#bench.turns.begin();
      if (this.#session.more) this.#session.goOn();
      else this.#session.resume();
    }
    this.#unread = chunk.bytes.slice(this.#session.consumed, end);
    chunk.release();
  }

  publish(topic: string, payload: string, fields = ""): string {
    return this.#v2
      ? `pub ${topic} ${encoder.encode(payload).length}${fields}\n${payload}\n`
      : `p pub ${topic} ${payload}\n`;
  }

  ask(words: string): string {
    return this.#v2 ? `${words}\n` : `p ${words}\n`;
  }

  delivery(topic: string, payload: string, fields = ""): string {
    return this.#v2 ? this.publish(topic, payload, fields) : `${topic} ${payload}\n`;
  }

  /** The other side takes what waits. */
  write(): void {
    for (let bytes = this.#outbox.take(); bytes !== undefined; bytes = this.#outbox.take()) {
      this.#text += decoder.decode(bytes);
      this.#outbox.wrote(bytes.length);
    }
  }

  /** All that came since the last time. */
  taken(): string {
    this.write();
    const text = this.#text;
    this.#text = "";
    return text;
  }

  close(): void {
    this.#session.close({ gone: true });
    this.#outbox.close();
  }
}

for (const protocol of [FRAMES, CLASSIC]) {
  Deno.test(`a read of a thousand topics with the same subscriber is one run: ${protocol.name}`, () => {
    const bench = new Bench();
    const [publisher, subscriber] = [bench.connect(protocol), bench.connect(protocol)];
    subscriber.send(subscriber.ask("sub #t.>"));
    subscriber.taken();
    let [sent, expected] = ["", ""];
    for (let at = 0; at < 1000; at++) {
      sent += publisher.publish(`#t.${at}`, `m ${at}`);
      expected += subscriber.delivery(`#t.${at}`, `m ${at}`);
    }
    publisher.send(sent);
    assertEquals(bench.engine.runs, 1);
    assertEquals(subscriber.taken(), expected);
    assertEquals(
      publisher.taken(),
      protocol === FRAMES ? "ok 1000 level=memory subs=1\n" : "OK\n".repeat(1000),
    );
  });

  Deno.test(`topics are not joined where their subscribers differ, or would not know which is which: ${protocol.name}`, () => {
    const other = protocol === FRAMES ? CLASSIC : FRAMES;
    const runs = (...subscribers: ReadonlyArray<readonly [Protocol, string]>): number => {
      const bench = new Bench();
      const publisher = bench.connect(protocol);
      for (const [protocol, words] of subscribers) {
        const subscriber = bench.connect(protocol);
        subscriber.send(subscriber.ask(words));
      }
      bench.engine.runs = 0;
      publisher.send(["#t.a", "#t.b", "#t.b", "#t.a"].map((topic) => publisher.publish(topic, "x")).join(""));
      return bench.engine.runs;
    };
    assertEquals(runs(), 1, "nobody");
    assertEquals(runs([protocol, "sub #t.>"], [protocol, "sub #t.*"]), 1, "two of one mind");
    assertEquals(runs([protocol, "sub #t.>"], [protocol, "sub #t.a"]), 3, "unlike");
    assertEquals(runs([protocol, "sub #t.>"], [other, "sub #t.>"]), 3, "another protocol");
    for (const policy of ["drop-new", "drop-old", "latest", "disconnect"]) {
      assertEquals(runs([FRAMES, `sub #t.> slow=${policy}`]), 3, policy);
    }
  });
}

for (const protocol of [FRAMES, CLASSIC]) {
  Deno.test(`of what is joined, each topic is counted as if it came alone: ${protocol.name}`, () => {
    const counted = (joined: boolean): readonly unknown[] => {
      const bench = new Bench();
      const [publisher, subscriber] = [bench.connect(protocol), bench.connect(protocol)];
      subscriber.send(subscriber.ask("sub #t.>"));
      const all = ["#t.a", "#t.a", "#t.b", "#t.c", "#t.c", "#t.a"].map((topic, at) =>
        publisher.publish(topic, "x".repeat(at + 1))
      );
      for (const each of joined ? [all.join("")] : all) publisher.send(each);
      assertEquals(bench.engine.runs, joined ? 1 : all.length);
      return bench.engine.topics().map(({ topic, messages, bytes }) => [topic, messages, bytes]).sort();
    };
    const alone = counted(false);
    assertEquals(alone.map((each) => (each as unknown[])[1]), [3, 1, 2]);
    assertEquals(counted(true), alone);
  });
}

Deno.test("messages that are over at different times are not joined (V10)", () => {
  const bench = new Bench();
  const [publisher, subscriber] = [bench.connect(FRAMES), bench.connect(FRAMES)];
  subscriber.send("sub #>\n");
  publisher.send(
    ["", " ttl=1", " ttl=2", ""].map((fields, at) => publisher.publish(`#${at}`, "x", fields)).join(""),
  );
  assertEquals(bench.engine.runs, 4);
});

Deno.test("what goes to several topics cannot be had in another encoding, or in parts", () => {
  const bench = new Bench();
  const [publisher, subscriber] = [bench.connect(FRAMES), bench.connect(FRAMES)];
  subscriber.send("sub #>\n");
  const given: Run[] = [];
  bench.engine.subscribe("#>", {
    connection: {},
    rank: 0,
    leavesOut: false,
    full: false,
    whenNotFull: () => {},
    takesJoined: () => true,
    deliver: (run) => {
      given.push(run);
      assertEquals(run.records.end - run.records.start, 22);
      assertThrows(() => run.as(CLASSIC.encoding), TypeError, "several topics");
      assertThrows(() => run.newest, TypeError, "several topics");
      assertThrows(() => run.part(0, 1), TypeError, "several topics");
    },
  });
  publisher.send("pub #a 1\nx\npub #b 1\ny\n");
  assertEquals(given.map(({ count }) => count), [2]);
});

/** What a publisher says: a publish, or something between two. */
interface Step {
  readonly kind: "publish" | "sub" | "unsub" | "bad" | "blank";
  readonly topic: string;
  readonly payload: string;
  readonly fields: string;
}

const topics = fc.constantFrom("#a", "#b", "#a.b", "#a.c", "#c.a", "a", "b");
const patterns = fc.constantFrom("#>", "#a.*", "#a", "#*", "#a.>");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic: topics,
      payload: fc.constantFrom("x", "yy", "zzz", ""),
      fields: fc.constantFrom("", "", "", "", " k=v", " ttl=9"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("sub" as const, "unsub" as const),
      topic: patterns,
      payload: fc.constant(""),
      fields: fc.constant(""),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: "blank" as const, topic: "", payload: "", fields: "" }),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ kind: "bad" as const, topic: "#no..topic", payload: "x", fields: "" }),
  },
);

Deno.test("whatever is joined, each gets what is its own, in order, and each request its answer (C2, C4, C6)", () => {
  const protocols = fc.constantFrom(FRAMES, CLASSIC);
  const property = fc.property(
    protocols,
    fc.array(fc.tuple(protocols, patterns), { maxLength: 4 }),
    fc.array(step, { maxLength: 80, size: "max" }),
    fc.array(fc.nat(1500), { maxLength: 6 }),
    (protocol, subscribed, steps, cuts) => {
      const bench = new Bench();
      const publisher = bench.connect(protocol);
      const subscribers = subscribed.map(([protocol, pattern]) => {
        const peer = bench.connect(protocol);
        peer.send(peer.ask(`sub ${pattern}`));
        peer.taken();
        return { peer, pattern, expected: "" };
      });
      const own = new Set<string>();
      let sent = "";
      let answers = 0;
      let ownDeliveries = 0;
      for (const { kind, topic, payload, fields } of steps) {
        const name = topic.startsWith("#") ? topic : `#${topic}`;
        if (kind === "blank") {
          sent += "\n";
          continue;
        }
        const used = protocol === FRAMES ? fields : "";
        answers++;
        if (kind === "sub" || kind === "unsub") {
          sent += publisher.ask(`${kind} ${topic}`);
          if (kind === "sub") own.add(topic);
          else own.delete(topic);
          continue;
        }
        sent += publisher.publish(topic, payload, used);
        if (kind === "bad") continue;
        for (const each of subscribers) {
          if (matches(each.pattern, name)) each.expected += each.peer.delivery(name, payload, used);
        }
        if ([...own].some((pattern) => matches(pattern, name))) ownDeliveries++;
      }
      const bytes = encoder.encode(sent);
      const places = [0, ...cuts.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length];
      for (let at = 1; at < places.length; at++) publisher.send(bytes.slice(places[at - 1]!, places[at]!));
      for (const { peer, expected } of subscribers) assertEquals(peer.taken(), expected);
      const said = publisher.taken();
      assertEquals(answered(said), answers);
      assertEquals(
        said.match(protocol === FRAMES ? /^pub /gm : /^#/gm)?.length ?? 0,
        ownDeliveries,
        "what the publisher itself is subscribed to",
      );
      for (const peer of bench.peers) peer.close();
      assertEquals(bench.pool.bytesOut, 0);
    },
  );
  fc.assert(property, { numRuns: 300 });
});

/** Requests that are answered in a text. */
function answered(text: string): number {
  let count = 0;
  for (const line of text.split("\n")) {
    const ok = /^ok (\d+)/.exec(line);
    if (ok !== null) count += Number(ok[1]);
    else if (line === "OK" || /^err |^ERR_/.test(line)) count++;
  }
  return count;
}
