/** One connection in protocol 2, over a socket in memory: its answers, what is told, its silence and its ends. */
import { assertEquals } from "@std/assert";
import { Gap } from "../../../lib/client/gap.ts";
import type { Delivery, Notice, SharedBytes, StoredDelivery } from "../../../lib/client/links/delivery.ts";
import type { DeliverySink } from "../../../lib/client/links/delivery_sink.ts";
import { type Answers, FrameLink } from "../../../lib/client/links/frame_link.ts";
import type { LinkEnd } from "../../../lib/client/links/link_end.ts";
import type { Refusal, Reply } from "../../../lib/client/links/request.ts";
import type { Settlements } from "../../../lib/client/links/settlements.ts";
import { Incoming } from "../../../lib/client/sockets/incoming.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "./handed_socket.ts";

/** A link, and what came. */
class Bench {
  readonly socket = new HandedSocket();
  readonly clock = new HandedClock();
  readonly log: string[] = [];
  readonly link: FrameLink;
  settlements: Settlements | undefined;
  held: Promise<void> | undefined;

  constructor({ pingAfter = 0, publisher = false } = {}) {
    const sink: DeliverySink = {
      take: (item: Delivery | Gap) =>
        void this.log.push(
          item instanceof Gap
            ? `gap ${item.pattern} ${item.missed} ${item.group}`
            : `${item.topic} ${item.text}`,
        ),
      takeStored: ({ topic, text, seq, stored }: StoredDelivery) =>
        void this.log.push(`${topic} ${text} seq=${seq} ${stored}`),
      takeShared: (topic: string, { group, seq, attempt }: SharedBytes, settlements: Settlements) => {
        this.settlements = settlements;
        this.log.push(`${topic} group=${group} seq=${seq} attempt=${attempt}`);
      },
      notice: ({ kind, pattern, group, reason }: Notice) =>
        void this.log.push(`${kind} ${pattern} ${group} ${reason}`),
      fellBehind: (pattern: string) => void this.log.push(`behind ${pattern}`),
      held: () => this.held,
    };
    const incoming = new Incoming(this.socket, this.clock);
    const { clock } = this;
    this.link = new FrameLink(this.socket, { clock, incoming, pingAfter, ...(publisher ? {} : { sink }) });
    void this.link.informed.then(() => this.log.push("informed"));
  }

  get ended(): Promise<LinkEnd> {
    return within("the end of the link", this.link.ended);
  }

  /** The answer in words; undefined: there is none. */
  async ask(pattern: string, fields = ""): Promise<string | undefined> {
    const accepted = (from?: number, last?: number): void =>
      void this.log.push(`accepted ${pattern} ${from} ${last}`);
    const asked = this.link.ask({ verb: "sub", pattern, fields, accepted });
    const reply: Reply | undefined = await within(`the answer to sub ${pattern}`, asked);
    return reply === "ok" || reply === undefined ? reply : `${reply.code} ${reply.text}`;
  }

  /** What happened since the last time. */
  async told(): Promise<string[]> {
    await settled();
    return this.log.splice(0);
  }

  /** It comes, and is the end of what comes; why the link ended. */
  async endedBy(text: string): Promise<LinkEnd> {
    this.socket.come(text);
    this.socket.come(null);
    return await this.ended;
  }
}

/** Who takes answers to what was written, of which so many wait. */
function answers(waiting: number): Answers & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    waiting,
    succeeded: (count) => told.push(`ok ${count}`) > 0 && count <= waiting,
    refused: ({ code }: Refusal) => told.push(code) > 0 && waiting > 0,
    stopped: () => void told.push("stopped"),
  };
}

Deno.test("requests are sent ahead and answered in order, and only the last of several has where it begins", async () => {
  const bench = new Bench();
  const asked = [bench.ask("#a"), bench.ask("#b", " from=5"), bench.ask("#c")];
  await bench.socket.says("sub #a\nsub #b from=5\nsub #c\n");
  bench.socket.come("ok 2 from=7 last=6\nerr DENIED not this\n");
  assertEquals(await Promise.all(asked), ["ok", "ok", "DENIED not this"]);
  assertEquals(await bench.told(), ["accepted #a undefined undefined", "accepted #b 7 6"]);
  assertEquals([bench.link.ahead, bench.link.onTrial, bench.link.answered], [1024, false, true]);
});

Deno.test("what waits for its answer when the link ends has none, and what is asked behind that neither", async () => {
  const bench = new Bench();
  const asked = bench.ask("#a");
  await bench.socket.says("sub #a\n");
  bench.socket.come(null);
  assertEquals([await asked, await bench.ask("#b")], [undefined, undefined]);
  assertEquals(await bench.told(), ["informed"], "nothing more is told");
  await bench.socket.says("");
});

Deno.test("deliveries, gaps and notices come in their order, each as what it is", async () => {
  const bench = new Bench();
  bench.socket.come(
    "pub #a 1\nx\nbatch #d 1 11 seq=7 ts=5\npub #d 1\ny\ngap #a 3\ngap #a 4 group=g\n" +
      'info {"live":"#d"}\ninfo {"behind":"#d"}\ninfo {"end":"#d","group":"g"}\n' +
      'info {"failed":"#d","reason":"a\\u001bb"}\ninfo {"ended":"#d","reason":5}\npong\n',
  );
  assertEquals(await bench.told(), [
    "#a x",
    "#d y seq=7 5",
    "gap #a 3 undefined",
    "gap #a 4 g",
    "live #d undefined ",
    "behind #d",
    "end #d g ",
    "failed #d undefined a\\x1bb",
    "ended #d undefined ",
  ]);
  assertEquals(bench.link.told, false, "a notice tells nothing of the broker");
});

Deno.test("nothing more is read while what came is held", async () => {
  const bench = new Bench();
  const held = Promise.withResolvers<void>();
  bench.held = held.promise;
  bench.socket.come("pub #a 1\nx\n");
  bench.socket.come("pub #a 1\ny\n");
  assertEquals(await bench.told(), ["#a x"]);
  bench.held = undefined;
  held.resolve();
  assertEquals(await bench.told(), ["#a y"]);
});

Deno.test("what a broker tells of itself is known, as far as it is of the right kind", async () => {
  const bench = new Bench();
  const { link } = bench;
  const known = (): unknown[] => [link.told, link.lineMost, link.durable, link.account];
  assertEquals(known(), [false, undefined, [], undefined]);
  bench.socket.come('info {"account":"alice","max":{"line":100},"durable":["#d",5]}\n');
  assertEquals(await bench.told(), ["informed"]);
  assertEquals(known(), [true, 100, ["#d"], "alice"]);
  const lines = ['"x"', "0", "-5", "null"].map((line) => `{"max":{"line":${line}}}`);
  for (const odd of ['{"account":5,"max":null,"durable":"#x"}', ...lines, '{"max":5}', "{}"]) {
    bench.socket.come(`info ${odd}\n`);
    assertEquals(await bench.told(), []);
    assertEquals(known(), [true, 100, ["#d"], "alice"], odd);
  }
});

Deno.test("how long a message may be held, and how often it comes, are known to who settles it", async () => {
  const bench = new Bench();
  bench.socket.come('info {"ackTimeout":0,"maxAttempts":0}\nbatch #d 1 11 group=g seq=7 ts=5\npub #d 1\nx\n');
  await settled();
  const settlements = bench.settlements!;
  assertEquals([settlements.ackTimeout, settlements.maxAttempts], [undefined, undefined]);
  bench.socket.come('info {"ackTimeout":1,"maxAttempts":1}\n');
  await settled();
  assertEquals([settlements.ackTimeout, settlements.maxAttempts], [1, 1]);
  bench.socket.come('info {"ackTimeout":"5","maxAttempts":-1}\n');
  await settled();
  assertEquals([settlements.ackTimeout, settlements.maxAttempts], [1, 1]);
});

Deno.test("what was settled before a request is sent and answered before it", async () => {
  const bench = new Bench();
  bench.socket.come("batch #d 1 11 group=g seq=7 ts=5\npub #d 1\nx\n");
  await settled();
  const held = { group: "g", topic: "#d", seq: 7, stillHeld: () => {} };
  const acknowledged = bench.settlements!.ack(held).then(() => bench.log.push("acknowledged"));
  const asked = bench.ask("#a");
  await bench.socket.says("ack g #d 7\nsub #a\n");
  bench.socket.come("ok 1\n");
  await within("the answer to ack", acknowledged);
  bench.socket.come("ok 1\n");
  assertEquals(await asked, "ok");
  const late = bench.settlements!.ack({ ...held, seq: 8 }).catch((error) => error.code);
  await bench.socket.says("ack g #d 8\n");
  bench.socket.come(null);
  assertEquals(await within("why it failed", late), "LEASE_LOST");
  const later = bench.settlements!.ack({ ...held, seq: 9 }).catch((error) => error.code);
  assertEquals(await within("why it failed", later), "LEASE_LOST");
});

Deno.test("what is settled while a link ends is told to be lost, whenever that is", async () => {
  for (let turns = 0; turns < 20; turns++) {
    const bench = new Bench();
    bench.socket.come("batch #d 1 11 group=g seq=7 ts=5\npub #d 1\nx\n");
    await settled();
    const settlements = bench.settlements!;
    assertEquals(settlements.over, false);
    bench.socket.come(null);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    const lost = settlements.ack({ group: "g", topic: "#d", seq: 7, stillHeld: () => {} })
      .catch((error) => error.code);
    assertEquals(await within(`what is said ${turns} turns behind it`, lost), "LEASE_LOST");
    assertEquals(settlements.over, true);
  }
});

Deno.test("answers are for who writes, once there is one, and one too many ends the link", async () => {
  const bench = new Bench({ publisher: true });
  const taken = answers(2);
  bench.link.answers = taken;
  bench.socket.come('ok 2\nerr DENIED no\ninfo {"draining":true}\n');
  await settled();
  assertEquals(taken.told, ["ok 2", "DENIED", "stopped"]);
  assertEquals(
    (await bench.endedBy("ok 3\n")).reason.includes("answered 3 requests that were not made"),
    true,
  );
  const none = new Bench({ publisher: true });
  none.link.answers = answers(0);
  assertEquals(
    (await none.endedBy("err DENIED no\n")).reason,
    "the broker broke protocol 2: it refused a request that was not made",
  );
});

Deno.test("a bye is why the link ended, and whether the account is denied", async () => {
  const cases: [said: string, reason: string, denied: boolean][] = [
    ["bye DENIED no such account\n", "no such account", true],
    ["bye DRAINING the broker is stopping\n", "the broker is stopping", false],
    ["bye SLOW_CONSUMER too slow\n", "too slow", false],
    ["bye TIMEOUT not whole in time\n", "the broker said bye TIMEOUT: not whole in time", false],
    ["bye BAD_LENGTH a\x1bb\n", "the broker said bye BAD_LENGTH: a\\x1bb", false],
    [
      `bye ${"X".repeat(60)} ${"y".repeat(300)}\n`,
      `the broker said bye ${"X".repeat(50)}: ${"y".repeat(200)}`,
      false,
    ],
  ];
  for (const [said, reason, denied] of cases) {
    assertEquals(await new Bench().endedBy(said), { reason, denied }, said);
  }
});

Deno.test("a bye to what broke the framing answers the oldest request, and any other none", async () => {
  for (const code of ["BAD_LENGTH", "BAD_UTF8", "LINE_TOO_LONG", "UNKNOWN_COMMAND", "TIMEOUT"]) {
    const bench = new Bench();
    const asked = [bench.ask("#a"), bench.ask("#b")];
    await bench.socket.says("sub #a\nsub #b\n");
    await bench.endedBy(`bye ${code} why\n`);
    const first = code === "TIMEOUT" ? undefined : `${code} why`;
    assertEquals(await Promise.all(asked), [first, undefined], code);

    const publisher = new Bench({ publisher: true });
    const taken = answers(1);
    publisher.link.answers = taken;
    await publisher.endedBy(`bye ${code} why\n`);
    assertEquals(taken.told, code === "TIMEOUT" ? ["stopped"] : ["stopped", code]);
  }
  const idle = new Bench({ publisher: true });
  const taken = answers(0);
  idle.link.answers = taken;
  const { reason } = await idle.endedBy("bye BAD_LENGTH why\n");
  assertEquals([taken.told, reason], [["stopped"], "the broker said bye BAD_LENGTH: why"]);
});

Deno.test("a connection that breaks off where no broker ends it says where", async () => {
  const reason = "the broker closed the connection";
  assertEquals((await new Bench().endedBy("")).reason, reason);
  assertEquals((await new Bench().endedBy("pub #a 1\nx\n")).reason, reason);
  assertEquals(
    (await new Bench().endedBy("pub #a 5\nx")).reason,
    `${reason} in the middle of a message, as a broker does with who reads too slowly (see slow=, --stall-timeout)`,
  );
  assertEquals(
    (await new Bench({ publisher: true }).endedBy("ok")).reason,
    `${reason} in the middle of an answer`,
  );
  const closed = new Bench();
  closed.socket.come("pub #a 5\nx");
  await settled();
  closed.link.close("enough");
  assertEquals((await closed.ended).reason, "enough", "nobody broke it off");
});

Deno.test("who is silent is asked, and lost when nothing comes; what waits for an answer makes it eight times as patient", async () => {
  const bench = new Bench({ pingAfter: 100 });
  await bench.clock.pass(100);
  await bench.socket.says("ping\n");
  bench.socket.come("pong\n");
  await bench.clock.pass(100);
  await bench.socket.says("ping\n");
  await bench.clock.pass(100);
  assertEquals((await bench.ended).reason, "no sign of life from the broker for 0 s");
  assertEquals(bench.clock.set, [], "nothing is watched any more");

  const patient = new Bench({ pingAfter: 100, publisher: true });
  patient.link.answers = answers(1);
  await patient.clock.pass(100);
  await patient.socket.says("ping\n");
  await patient.clock.pass(799);
  assertEquals(patient.socket.closed, false);
  await patient.clock.pass(1);
  assertEquals((await patient.ended).reason, "no sign of life from the broker for 1 s");
  const watches: [pingAfter: number, set: number[]][] = [[0, []], [1, [1]]];
  for (const [pingAfter, set] of watches) {
    const watched = new Bench({ pingAfter });
    await settled();
    assertEquals(watched.clock.set, set);
  }
});

Deno.test("a subscription or a settlement that waits makes patient until it is answered, and not for ever (N2)", async () => {
  const bench = new Bench({ pingAfter: 100 });
  void bench.link.ask({ verb: "sub", pattern: "#a", fields: "" });
  await bench.socket.says("sub #a\n");
  await bench.clock.pass(100);
  await bench.socket.says("ping\n");
  for (let passed = 0; passed < 700; passed += 100) {
    await bench.clock.pass(100);
    void bench.link.ask({ verb: "sub", pattern: `#${passed}`, fields: "" });
  }
  await bench.clock.pass(99);
  assertEquals(bench.socket.closed, false);
  await bench.clock.pass(1);
  assertEquals(bench.socket.closed, true, "a broker that is gone is gone, whatever is asked");

  const settling = new Bench({ pingAfter: 100 });
  settling.socket.come("batch #d 1 11 group=g seq=7 ts=5\npub #d 1\nx\n");
  await settled();
  void settling.settlements!.ack({ group: "g", topic: "#d", seq: 7, stillHeld: () => {} });
  await settling.socket.says("ack g #d 7\n");
  await settling.clock.pass(100);
  await settling.socket.says("ping\n");
  await settling.clock.pass(100);
  assertEquals(settling.socket.closed, false);
  settling.socket.come("ok 1\npong\n");
  await settling.clock.pass(1000);
  assertEquals(settling.socket.closed, true, "what was settled is answered");

  const granted = new Bench({ pingAfter: 100 });
  void granted.link.ask({ verb: "sub", pattern: "#a", fields: "" });
  await granted.socket.says("sub #a\n");
  granted.socket.come("ok 1\n");
  await granted.clock.pass(200);
  assertEquals(granted.socket.closed, true, "nothing is waited for");
});

Deno.test("goodbye is said, and the broker may close first for as long as it is given", async () => {
  const bench = new Bench();
  const quitting = bench.link.quit({ waitForEnd: 300 });
  await bench.socket.says("quit\n");
  await bench.clock.pass(799);
  assertEquals(bench.socket.closed, false);
  await bench.clock.pass(1);
  await within("the end of quit", quitting);
  assertEquals(bench.socket.closed, true);
  const over = new Bench();
  over.socket.come(null);
  await over.ended;
  await within("the end of quit", over.link.quit({ waitForEnd: 300 }));
  await over.socket.says("");
});
