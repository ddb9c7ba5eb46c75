import { assertEquals } from "@std/assert";
import { ChunkPool } from "../../../lib/buffers.ts";
import { type Arrived, Incoming } from "../../../lib/engine/nats/incoming.ts";
import type { NatsHeaders } from "../../../lib/engine/nats/port.ts";
import { Subjects } from "../../../lib/engine/nats/subjects.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NOW = 5_000;

class Bench {
  readonly pool = new ChunkPool();
  readonly unreadable: string[] = [];
  readonly incoming = new Incoming({
    subjects: new Subjects("p"),
    pool: this.pool,
    now: () => NOW,
    routeOf: (topic) => ({ topic, topicBytes: encoder.encode(topic).length }),
    onUnreadable: (reason) => void this.unreadable.push(reason),
  });

  arrived(
    subject: string,
    text: string,
    { headers, ...more }: {
      readonly headers?: NatsHeaders;
      readonly reply?: string;
      readonly status?: number;
    } = {},
  ): Arrived | undefined {
    const nothing = { reply: "", status: 0, description: undefined };
    const hasHeaders = headers !== undefined || more.status !== undefined;
    return this.incoming.arrived({
      ...nothing,
      ...more,
      hasHeaders,
      headers,
      subject,
      bytes: encoder.encode(text),
    });
  }

  /** What it is read as: for each run its records, and the milliseconds for which they are worth delivering. */
  read(...args: Parameters<Bench["arrived"]>): (string | readonly [string, number])[] {
    const runs = this.arrived(...args)?.read() ?? [];
    const shown = runs.map((run) => {
      const text = decoder.decode(run.records.view);
      assertEquals(text.split("\npub").length, run.count);
      assertEquals(run.expires, run.ttl === undefined ? undefined : NOW + run.ttl);
      return run.ttl === undefined ? text : [text, run.ttl] as const;
    });
    for (const run of runs) run.release();
    assertEquals(this.pool.bytesOut, 0);
    return shown;
  }
}

Deno.test("what is packed is one run, and those of its messages that are worth delivering for another time another (V10)", () => {
  const bench = new Bench();
  const packed = (...records: string[]): string => `me 1\n${records.join("")}`;
  const [plain, keyed] = ["pub #a 1\n1\n", "pub #a 1 key=k\n2\n"];
  const [short, other] = ["pub #a 1 ttl=0.5\n3\n", "pub #a 1 id=7 ttl=0.5 key=k\n4\n"];
  const long = "pub #a 1 ttl=2\n5\n";
  assertEquals(bench.read("p.memory.run.a", packed(plain, keyed, plain)), [plain + keyed + plain]);
  assertEquals(bench.read("p.memory.run.a", packed(short, other)), [[short + other, 500]]);
  assertEquals(bench.read("p.memory.run.a", packed(plain, short, other, long, keyed, plain, short)), [
    plain,
    [short + other, 500],
    [long, 2_000],
    keyed + plain,
    [short, 500],
  ]);
  assertEquals(bench.unreadable, []);
});
