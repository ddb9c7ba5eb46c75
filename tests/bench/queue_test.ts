import { assertEquals, assertThrows } from "@std/assert";
import { beanstalk } from "../../bench/load/queue/beanstalk.ts";
import { hashbus } from "../../bench/load/queue/hashbus.ts";
import { jetstream } from "../../bench/load/queue/jetstream.ts";
import { redis } from "../../bench/load/queue/redis.ts";
import type { Queue } from "../../bench/load/queue/types.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HOW = { at: 0, window: 4, size: 2, each: false };

/** What a worker has counted and says when this comes to it in pieces of so many bytes. */
function told(
  queue: Queue,
  text: string,
  { piece, each = false }: { readonly piece: number; readonly each?: boolean },
): { received: number; settled: number; said: string } {
  const worker = queue.worker("t", { ...HOW, each });
  const first = worker.out.waiting.length;
  const all = encoder.encode(text);
  const buffer = new Uint8Array(all.length);
  let filled = 0;
  for (let at = 0; at < all.length; at += piece) {
    const some = all.subarray(at, at + piece);
    buffer.set(some, filled);
    filled += some.length;
    const taken = worker.take(buffer, filled);
    buffer.copyWithin(0, taken, filled);
    filled -= taken;
  }
  assertEquals(filled, 0, "all of it is whole");
  const said = decoder.decode(worker.out.waiting.slice(first));
  return { received: worker.received, settled: worker.settled, said };
}

const CASES: readonly { queue: Queue; name: string; text: string; settled: number; said: string }[] = [
  {
    name: "hashbus",
    queue: hashbus,
    text: `batch #t 2 ${2 * "pub #t 2\nab\n".length} group=bench seq=7 ts=1\n${
      "pub #t 2\nab\n".repeat(2)
    }ok 1\n`,
    settled: 2,
    said: "ack bench #t 7-8\n",
  },
  {
    name: "redis",
    queue: redis,
    text: "*1\r\n*2\r\n$1\r\nt\r\n*2\r\n" +
      ["1-0", "1-1"].map((id) => `*2\r\n$3\r\n${id}\r\n*2\r\n$1\r\nm\r\n$2\r\nab\r\n`).join("") + ":2\r\n",
    settled: 2,
    said: "*5\r\n$4\r\nXACK\r\n$1\r\nt\r\n$5\r\nbench\r\n$3\r\n1-0\r\n$3\r\n1-1\r\n" +
      "XREADGROUP GROUP bench c0 COUNT 2 BLOCK 2000 STREAMS t >\r\n",
  },
  {
    name: "beanstalkd",
    queue: beanstalk,
    text: "RESERVED 12 2\r\nab\r\nRESERVED 13 2\r\nab\r\nDELETED\r\nDELETED\r\n",
    settled: 2,
    said: ["delete 12\r\n", "delete 13\r\n"]
      .map((line) => line + "reserve-with-timeout 0\r\n".repeat(2)).join(""),
  },
];

for (const { name, queue, text, settled, said } of CASES) {
  Deno.test(`a worker of ${name} counts what comes and settles it, wherever reads end`, () => {
    for (let piece = 1; piece <= text.length; piece++) {
      assertEquals(told(queue, text, { piece }), { received: 2, settled, said }, `pieces of ${piece}`);
    }
  });
}

Deno.test("a worker of JetStream says what it has, and asks for more when half has come", () => {
  const message = "MSG t 1 $JS.ACK.bench.bench.1.1.1.1.0 2\r\nab\r\n";
  for (let piece = 1; piece <= message.length; piece++) {
    const { received, settled, said } = told(jetstream, `${message}PING\r\n${message}`, { piece });
    assertEquals([received, settled], [2, 2]);
    const ack = "PUB $JS.ACK.bench.bench.1.1.1.1.0 4\r\n+ACK\r\n";
    assertEquals(
      said.startsWith(`${ack}PONG\r\n${ack}PUB $JS.API.CONSUMER.MSG.NEXT.bench.bench `),
      true,
      said,
    );
  }
});

Deno.test("where it is asked for each message is settled by itself", () => {
  const frames = "pub #t 1\na\n".repeat(2);
  const text = `batch #t 2 ${frames.length} group=bench seq=7 ts=1\n${frames}`;
  assertEquals(told(hashbus, text, { piece: 9, each: true }).said, "ack bench #t 7\nack bench #t 8\n");
});

Deno.test("what a worker does not expect ends the run", () => {
  for (
    const [queue, text] of [
      [hashbus, "err NOT_HELD no\n"],
      [hashbus, "ok 1\n"],
      [redis, "-ERR no\r\n"],
      [jetstream, "-ERR 'no'\r\n"],
      [beanstalk, "NOT_FOUND\r\n"],
    ] as const
  ) {
    assertThrows(() => told(queue, text, { piece: 100 }), Error, "was told");
  }
});
