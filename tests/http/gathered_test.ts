/** Bodies in chunks of a byte. */
import { assert, assertEquals } from "@std/assert";
import { Bodies, type Coming } from "../../lib/http/bodies.ts";
import { Gathered } from "../../lib/http/gathered.ts";
import { readLines } from "../../lib/http/messages/lines.ts";
import { FakeTime } from "../cli/fake_time.ts";
import { standIn } from "../cli/stand_in.ts";
import { startHttp } from "../support/http.ts";
import { within } from "../support/within.ts";

Deno.test("however small its chunks are, what is gathered is copied and counted with all that is kept", () => {
  const counted: number[] = [];
  const gathered = new Gathered({ set: (bytes) => void counted.push(bytes) });
  for (let at = 0; at < 10_000; at++) gathered.add(new Uint8Array([at]));
  assertEquals([gathered.length, counted.length, counted.at(-1)], [10_000, 15, 16_384]);
  assertEquals([...gathered.bytes.subarray(254, 258)], [254, 255, 0, 1]);
  gathered.clear();
  assertEquals([gathered.length, gathered.bytes.length, counted.at(-1)], [0, 0, 0]);
  gathered.add(new Uint8Array(100));
  assertEquals(counted.at(-1), 100, "what comes in one is kept as it is");
});

/** A body that is there at once. */
function bytewise(count: number): Coming {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < count; at++) yield new Uint8Array([0x78]);
  };
  return { headers: new Headers(), body: body() };
}

/** How often others have their turn while this is done. */
async function turnsOf(work: () => Promise<void>): Promise<number> {
  let turns = 0;
  let timer = setTimeout(function tick(): void {
    turns++;
    timer = setTimeout(tick);
  });
  await work();
  clearTimeout(timer);
  return turns;
}

Deno.test("while the lines of one chunk are taken others have their turn", async () => {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode("x\n".repeat(50_000));
  };
  const coming = { headers: new Headers(), body: body() };
  let lines = 0;
  const turns = await turnsOf(async () => {
    for await (const _ of readLines(coming, { most: 10, bodies: new Bodies() })) lines++;
  });
  assertEquals(lines, 50_000);
  // at the chunk's end there is one
  assert(turns > 1, `${turns} turns`);
});

Deno.test("while a body in chunks of a byte is read others have their turn", async () => {
  const most = 50_000;
  const readers: readonly ((coming: Coming) => Promise<number>)[] = [
    async (coming) => {
      using body = await new Bodies().read(coming, most);
      return body.bytes.length;
    },
    async (coming) => {
      let bytes = 0;
      for await (const line of readLines(coming, { most, bodies: new Bodies() })) bytes += line.length;
      return bytes;
    },
  ];
  for (const read of readers) {
    const turns = await turnsOf(async () => assertEquals(await read(bytewise(most)), most));
    assert(turns > 0, "nobody else had a turn");
  }
});

Deno.test("of chunks that have come together a broker makes one, and publishes what they hold", async () => {
  await using http = await startHttp();
  const { add } = Gathered.prototype;
  let added = 0;
  using _add = standIn(Gathered.prototype, "add", function (this: Gathered, chunk: Uint8Array): void {
    added++;
    add.call(this, chunk);
  });
  const count = 20_000;
  for (const type of ["text/plain", "application/x-ndjson"]) {
    added = 0;
    const said = await http.raw(
      `POST /api/topics/a/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\nConnection: close\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(count)}0\r\n\r\n`,
    );
    assertEquals(said.split(" ")[1], "201", said);
    assert(added > 0 && added < count / 2, `${added} chunks`);
  }
  const { messages } = await http.json("/api/topics/a/messages");
  assertEquals(messages.map(({ payload }: { readonly payload: string }) => payload.length), [count, count]);
});

Deno.test("of a body that is too late nothing more is read", async () => {
  using time = new FakeTime();
  const left = Promise.withResolvers<void>();
  let read = 0;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        read++;
        yield new Uint8Array(1);
      }
    } finally {
      left.resolve();
    }
  };
  const reading = new Bodies().read({ headers: new Headers(), body: body() }, 10).catch(({ status }) =>
    status
  );
  time.pass(300_000);
  assertEquals(await reading, 408);
  time[Symbol.dispose]();
  await within("the end of reading", left.promise);
  assertEquals(read, 1);
});
