import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Bodies } from "../../lib/http/bodies.ts";
import { BODIES_BYTES_MOST } from "../../lib/http/limits.ts";
import { readLines } from "../../lib/http/messages/lines.ts";
import { Problem } from "../../lib/http/problem.ts";
import { FakeTime } from "../cli/fake_time.ts";
import { within } from "../support/within.ts";

function post(chunks: readonly string[]): Request {
  const body = ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
  return new Request("http://localhost/", { method: "POST", body });
}

Deno.test("a body is read whole up to its bound, and refused beyond it", async () => {
  const bodies = new Bodies();
  using body = await bodies.read(post(["ab", "", "cd"]), 4);
  assertEquals(new TextDecoder().decode(body.bytes), "abcd");
  const problem = await assertRejects(() => bodies.read(post(["abc", "de"]), 4), Problem);
  assertEquals([problem.status, problem.code], [413, "PAYLOAD_TOO_LARGE"]);
  using empty = await bodies.read(new Request("http://localhost/", { method: "POST" }), 4);
  assertEquals(empty.bytes.length, 0);
});

Deno.test("all bodies together have a bound, but one alone is taken whatever its size", () => {
  const bodies = new Bodies();
  const large = bodies.holding();
  large.set(2 * BODIES_BYTES_MOST);
  const other = bodies.holding();
  const problem = assertThrows(() => other.set(1), Problem);
  assertEquals([problem.status, problem.code], [503, "BUSY"]);
  other[Symbol.dispose]();
  large[Symbol.dispose]();
  large.set(1);
  assertEquals([large.bytes, other.bytes], [0, 0], "nothing more is counted of what was let go of");
  bodies.holding().set(BODIES_BYTES_MOST);
});

Deno.test("bodies may have all of the bytes together that there are for them, and what is let go of is free", () => {
  const bodies = new Bodies();
  const [one, other] = [bodies.holding(), bodies.holding()];
  one.set(BODIES_BYTES_MOST - 10);
  other.set(10);
  assertThrows(() => other.set(11), Problem);
  other.set(5);
  one.set(BODIES_BYTES_MOST - 5);
  assertEquals([one.bytes, other.bytes], [BODIES_BYTES_MOST - 5, 5]);
  assertThrows(() => one.set(BODIES_BYTES_MOST), Problem);
  other[Symbol.dispose]();
  one.set(BODIES_BYTES_MOST);
  one[Symbol.dispose]();
  bodies.holding().set(0);
  const [large, none] = [bodies.holding(), bodies.holding()];
  large.set(BODIES_BYTES_MOST + 1);
  none.set(0);
});

Deno.test("a body that is refused keeps nothing, and one whose length is told is refused before it is read", async () => {
  const bodies = new Bodies();
  await assertRejects(() => bodies.read(post(["abc", "de"]), 4), Problem);
  using all = bodies.holding();
  all.set(1);
  // were anything held beside it, this would be too much
  all.set(BODIES_BYTES_MOST + 1);
  const told = (length: number): Request =>
    new Request("http://localhost/", {
      method: "POST",
      headers: { "content-length": `${length}` },
      body: new ReadableStream({ pull: (to) => to.close() }, { highWaterMark: 0 }),
    });
  const problem = await assertRejects(() => new Bodies().read(told(5), 4), Problem);
  assertEquals([problem.status, problem.extras.headers?.["connection"]], [413, "close"]);
  using body = await new Bodies().read(told(4), 4);
  assertEquals(body.bytes.length, 0);
});

Deno.test("lines are the same however a body is cut, the shortest as well", async () => {
  const texts: readonly (readonly [text: string, lines: readonly string[]])[] = [
    ["one\n\ntwo\r\nth\rree\n\r\nfour", ["one", "two", "th\rree", "four"]],
    ["a\nb\r\n\nc", ["a", "b", "c"]],
  ];
  for (const [text, expected] of texts) {
    for (let size = 1; size <= text.length; size++) {
      const chunks = Array.from(
        { length: Math.ceil(text.length / size) },
        (_, at) => text.slice(at * size, (at + 1) * size),
      );
      const lines: string[] = [];
      for await (const line of readLines(post(chunks), { most: 10, bodies: new Bodies() })) {
        lines.push(new TextDecoder().decode(line));
      }
      assertEquals(lines, expected, `${size} bytes at a time`);
    }
  }
});

Deno.test("a line that is too long is refused as soon as that is known, behind those before it", async () => {
  let asked = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(to): void {
      to.enqueue(new TextEncoder().encode(asked++ === 0 ? "ok\nxxxxx" : "xxxxx"));
      // it has an end, far behind the longest line
      if (asked > 100) to.close();
    },
  }, { highWaterMark: 0 });
  const request = new Request("http://localhost/", { method: "POST", body: endless });
  const got: number[] = [];
  await assertRejects(async () => {
    for await (const line of readLines(request, { most: 8, bodies: new Bodies() })) got.push(line.length);
  }, Problem);
  assertEquals([got, asked <= 3], [[2], true]);
});

/** A body of which nothing comes any more behind these. */
function unending(...chunks: readonly string[]): Request {
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    pull: async (to) => {
      const next = left.shift();
      if (next === undefined) await new Promise(() => {});
      to.enqueue(new TextEncoder().encode(next));
    },
  });
  return new Request("http://localhost/", { method: "POST", body });
}

Deno.test("a body has five minutes to come, and one that has come leaves no timer", async () => {
  using time = new FakeTime();
  const bodies = new Bodies();
  const problems: unknown[] = [];
  void bodies.read(unending("ab"), 4).catch(({ status, extras }) => problems.push([status, extras.headers]));
  time.pass(299_999);
  await turns();
  assertEquals(problems, []);
  time.pass(1);
  await turns();
  assertEquals(problems, [[408, { connection: "close" }]]);
  using body = await bodies.read(post(["ab"]), 4);
  assertEquals([body.bytes.length, time.timers], [2, []]);
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

Deno.test("the part of a line that has come is counted with all that is kept, until the line is whole", async () => {
  const bodies = new Bodies();
  using others = bodies.holding();
  others.set(BODIES_BYTES_MOST - 8);
  const read = async (...chunks: readonly string[]): Promise<number> => {
    let lines = 0;
    for await (const _ of readLines(post(chunks), { most: 100, bodies })) lines++;
    return lines;
  };
  assertEquals(await read("12345678", "\n12345678", "\n", "1234", "5678\n"), 3);
  const problem = await assertRejects(() => read("12345", "6789", "\n"), Problem);
  assertEquals([problem.status, problem.code, problem.extras.headers?.["retry-after"]], [503, "BUSY", "1"]);
  others.set(BODIES_BYTES_MOST);
  others.set(0);
});

Deno.test("a line may have as many bytes as a payload, and its end beside them", async () => {
  const read = async (...chunks: readonly string[]): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of readLines(unending(...chunks), { most: 8, bodies: new Bodies() })) {
      lines.push(new TextDecoder().decode(line));
      if (lines.length === chunks.filter((chunk) => chunk.includes("\n")).length) break;
    }
    return lines;
  };
  assertEquals(await read("12345678\r", "\n"), ["12345678"]);
  assertEquals(await read("12345678", "\r\n"), ["12345678"]);
  assertEquals(await read("12345678\n"), ["12345678"]);
  for (const chunks of [["1234567890"], ["12345678", "90"], ["123456789\n"], ["12345678\r\r\n"]]) {
    const problem = await assertRejects(() => within("the refusal", read(...chunks)), Problem);
    assertEquals([problem.status, problem.message], [
      413,
      "a line is longer than 8 bytes, which a payload may have (--max-payload)",
    ]);
  }
});
