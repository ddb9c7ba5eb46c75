import { assertEquals } from "@std/assert";
import { readDelivery } from "../../../../lib/engine/nats/stored/delivery.ts";
import { Pull } from "../../../../lib/engine/nats/stored/pull.ts";
import type { NatsMessage } from "../../../../lib/engine/nats/port.ts";
import { FakeLink } from "../../../support/fake_link.ts";

/** Silence after which a request has been lost, milliseconds. */
const SILENCE_MS = 4000;

class Bench {
  readonly link = new FakeLink();
  readonly told: string[] = [];
  readonly pull: Pull;
  #given = 0;

  constructor() {
    this.pull = new Pull("c", { link: this.link, api: "$JS.API", stream: "s", inbox: "in" }, {
      pulled: ({ subject }, { sequence }) => void this.told.push(`${subject} ${sequence}`),
      unanswered: (why) => void this.told.push(why),
    });
    assertEquals(this.link.takeAsked(), ["sub in"]);
  }

  /** A message of the stream. */
  brings(sequence: number, size = 1): void {
    this.link.comes("in", "x".repeat(size), "p.stored.d", {
      reply: `$JS.ACK.s.c.1.${sequence}.${++this.#given}.1000000.0`,
    });
  }

  /** NATS itself says something. */
  says(status: number, description?: string): void {
    const message: Partial<NatsMessage> = { status, ...description === undefined ? {} : { description } };
    this.link.comes("in", "", "in", message);
  }
}

Deno.test("what is asked of a consumer is what its owner asks for", () => {
  const { pull, link } = new Bench();
  pull.ask({ batch: 3 });
  pull.ask({ batch: 2, bytes: 100, noWait: true });
  assertEquals(link.takeAsked(), [
    'pub $JS.API.CONSUMER.MSG.NEXT.s.c {"batch":3,"expires":20000000000,"idle_heartbeat":1000000000} {"reply":"in"}',
    'pub $JS.API.CONSUMER.MSG.NEXT.s.c {"batch":2,"max_bytes":200,"no_wait":true} {"reply":"in"}',
  ]);
  assertEquals(pull.asked, 5);
});

Deno.test("an owner is told what came, and that a request ended before all of it had", () => {
  const bench = new Bench();
  const { pull, told } = bench;
  pull.ask({ batch: 2 });
  pull.ask({ batch: 3 });
  pull.ask({ batch: 4 });
  for (const sequence of [5, 6, 8]) bench.brings(sequence);
  assertEquals([told.splice(0), pull.asked], [["p.stored.d 5", "p.stored.d 6", "p.stored.d 8"], 6]);
  bench.says(100, "Idle Heartbeat");
  bench.says(0);
  assertEquals([told, pull.asked], [[], 6]);
  bench.says(404, "No Messages");
  assertEquals([told.splice(0), pull.asked], [["no more"], 4]);
  pull.ask({ batch: 1 });
  bench.says(408, "Request Timeout");
  assertEquals([told.splice(0), pull.asked], [["no more"], 1]);
  pull.ask({ batch: 2 });
  bench.says(409, "Message Size Exceeds MaxBytes");
  assertEquals([told.splice(0), pull.asked], [["too large"], 2]);
  pull.ask({ batch: 2 });
  bench.says(409, "Consumer Deleted");
  assertEquals([told.splice(0), pull.asked], [["gone"], 0], "nobody answers any of them");
  pull.ask({ batch: 2 });
  bench.says(503);
  assertEquals([told.splice(0), pull.asked], [["gone"], 0]);
  bench.brings(9);
  assertEquals([told.splice(0), pull.asked], [["p.stored.d 9"], 0], "what was on its way comes");
  pull.ask({ batch: 2 });
  bench.brings(10);
  assertEquals(pull.asked, 1);
});

Deno.test("a request for several is bounded by bytes, and its owner is told whether it brought any of them", () => {
  const bench = new Bench();
  const { pull, link, told } = bench;
  pull.ask({ batch: 3, bytes: 100, noWait: true });
  pull.ask({ batch: 1, bytes: 100, noWait: true });
  const bounds = link.takeAsked().map((each) => /"max_bytes":\d+/.exec(each)?.[0]);
  assertEquals(bounds, ['"max_bytes":200', undefined], "one alone comes, however large it is");
  bench.brings(1);
  bench.says(409, "Message Size Exceeds MaxBytes");
  assertEquals([told.splice(0), pull.asked], [["p.stored.d 1", "full"], 1]);
  bench.brings(2);
  pull.ask({ batch: 2, bytes: 100 });
  bench.says(409, "Message Size Exceeds MaxBytes");
  assertEquals([told.splice(0), pull.asked], [["p.stored.d 2", "too large"], 0]);
});

Deno.test("how many messages have so many bytes is known by those that came", () => {
  const bench = new Bench();
  assertEquals([bench.pull.fitting(1e6), bench.pull.fitting(0)], [512, 1], "nothing is known of them");
  for (let sequence = 1; sequence <= 200; sequence++) bench.brings(sequence, 1_000);
  assertEquals([bench.pull.fitting(10_010), bench.pull.fitting(1e7), bench.pull.fitting(10)], [10, 512, 1]);
});

Deno.test("what nothing is heard of for a while is lost, where something was asked for", () => {
  const bench = new Bench();
  const { pull, told } = bench;
  pull.tick(SILENCE_MS);
  pull.ask({ batch: 2 });
  pull.tick(SILENCE_MS - 1);
  bench.says(100, "Idle Heartbeat");
  pull.tick(SILENCE_MS);
  pull.tick(SILENCE_MS - 1);
  assertEquals(told, []);
  pull.tick(1);
  assertEquals([told.splice(0), pull.asked], [["gone"], 0]);
  pull.ask({ batch: 2 });
  pull.tick(SILENCE_MS - 1);
  pull.ask({ batch: 2 });
  pull.tick(SILENCE_MS - 1);
  assertEquals(told, [], "a request is not lost before it can be answered");
  pull.tick(1);
  assertEquals(told, ["gone"]);
});

Deno.test("from one that is closed nothing comes; one that is drained brings what is on its way", () => {
  const one = new Bench();
  one.pull.ask({ batch: 2 });
  one.link.takeAsked();
  one.pull.drain();
  assertEquals([one.link.takeAsked(), one.pull.asked], [["unsub in"], 0]);
  one.brings(1);
  assertEquals(one.told, ["p.stored.d 1"]);
  for (const away of [false, true]) {
    const other = new Bench();
    other.pull.ask({ batch: 2 });
    other.link.takeAsked();
    if (away) other.link.goDown();
    if (away) other.pull.drain();
    else other.pull.close();
    other.pull.close();
    assertEquals([other.link.takeAsked(), other.pull.asked], [["unsub in"], 0]);
    other.brings(1);
    other.says(404);
    assertEquals(other.told, []);
  }
  // what the link brings all the same, for it was on its way
  const late = new Bench();
  const comes: Array<(message: NatsMessage) => void> = [];
  late.link.subscribe = (_, onMessage) => {
    comes.push(onMessage);
    return { unsubscribe: () => {}, drain: () => {} };
  };
  const told: string[] = [];
  const pull = new Pull("c", { link: late.link, api: "$JS.API", stream: "s", inbox: "in" }, {
    pulled: () => void told.push("pulled"),
    unanswered: (why) => void told.push(why),
  });
  pull.ask({ batch: 1 });
  pull.close();
  const nothing = { hasHeaders: false, headers: undefined, description: undefined, bytes: new Uint8Array(0) };
  comes[0]!({ ...nothing, subject: "in", reply: "", status: 404 });
  comes[0]!({ ...nothing, subject: "p.stored.d", reply: "$JS.ACK.s.c.1.1.1.1000000.0", status: 0 });
  assertEquals(told, []);
});

Deno.test("what JetStream says of a message is read from the subject that acknowledges it, short or long", () => {
  const read = { attempt: 2, sequence: 30, given: 4, time: 1_700_000_000_123, pending: 6 };
  const tail = "2.30.4.1700000000123456789.6";
  assertEquals(readDelivery(`$JS.ACK.s.c.${tail}`), read);
  assertEquals(readDelivery(`$JS.ACK.domain.account.s.c.${tail}`), read);
  assertEquals(readDelivery(`$JS.ACK.domain.account.s.c.${tail}.random`), read);
  for (
    const subject of [
      "",
      `$JS.NAK.s.c.${tail}`,
      "$JS.ACK.s.c.2.30.4.1700000000123456789",
      "$JS.ACK.s.c.x.30.4.1000000.6",
      `$JS.ACK.account.s.c.${tail}`,
      "$JS.ACK.domain.account.s.c.2.30.4.1700000000123456789",
    ]
  ) {
    assertEquals(readDelivery(subject), undefined, subject);
  }
});
