import { assert, assertEquals, assertMatch } from "@std/assert";
import { PATTERN_SHAPES_MOST } from "../../lib/limits.ts";
import type { RawClient } from "../support/raw_client.ts";
import { TestServer } from "../support/server.ts";

const KIB = 1024;

/** Subscribes until it is refused; how often it was not, and what was said then. */
async function fill(client: RawClient, pattern: (at: number) => string): Promise<[number, string]> {
  for (let at = 0;; at++) {
    const reply = await client.ask(`s sub ${pattern(at)}`);
    if (reply !== "OK") return [at, reply!];
  }
}

/** A pattern for each number, with at least two `*` in places that are its own. */
function shape(at: number): string {
  const places = Array.from({ length: 16 }, (_, place) => at >> place & 1 ? "*" : "a");
  return ["*", "*", ...places].join(".");
}

Deno.test("who subscribes to more than is still free is refused, and others are not", async () => {
  await using server = new TestServer({ limits: { memory: 512 * KIB, patterns: 1_000_000 } });
  const long = "x".repeat(200);
  using hoarder = server.connect("subscribers");
  const [kept, reply] = await fill(hoarder, (at) => `${long}.${at}`);
  assertEquals(reply, "ERR_BUSY");
  // half of it, at some 570 bytes each
  assert(kept > 250 && kept < 500, `${kept}`);
  assertEquals(server.subscriptions, kept);
  using honest = server.connect("subscribers");
  assertEquals(await honest.ask("s sub #a"), "OK");
  assertEquals(await honest.ask("s sub #b.*"), "OK");
  // what it lets go is free again
  assertEquals(await hoarder.ask(`s unsub ${long}.0`), "OK");
  assertEquals(await hoarder.ask(`s unsub ${long}.1`), "OK");
  assertEquals(await hoarder.ask(`s unsub ${long}.2`), "OK");
  assertEquals(await hoarder.ask(`s sub ${long}.0`), "OK");
  // and so is all of it when it has left
  await hoarder.send("s quit\n");
  await hoarder.rest();
  using next = server.connect("subscribers");
  const [again] = await fill(next, (at) => `${long}.${at}`);
  assert(again > kept - 20, `${again} of ${kept}`);
});

Deno.test("a v2 client is told why there is no room for its pattern", async () => {
  await using server = new TestServer({ limits: { memory: 64 * KIB, patterns: 1_000_000 } });
  using client = server.connect("subscribers");
  await client.send("s hello 2\n");
  await client.lines(2);
  for (let at = 0;; at++) {
    const reply = await client.ask(`sub #some.pattern.${at}.*`);
    if (reply === "ok 1") continue;
    assertEquals(
      reply,
      "err BUSY the broker keeps as much for its clients as it may (--max-memory); try again",
    );
    return;
  }
});

Deno.test("kinds of patterns with several * are bounded, shared out, and free again", async () => {
  await using server = new TestServer({ limits: { patterns: 1_000_000 } });
  const clients: RawClient[] = [];
  try {
    let all = 0;
    for (let each = 0; each < 12; each++) {
      const client = server.connect("subscribers");
      clients.push(client);
      // each brings other ones
      const [kept, reply] = await fill(client, (at) => shape(each * PATTERN_SHAPES_MOST + at));
      assertEquals(reply, "ERR_BUSY");
      if (each === 0) assertEquals(kept, PATTERN_SHAPES_MOST / 2);
      all += kept;
    }
    assert(all <= PATTERN_SHAPES_MOST, `${all}`);
    using honest = server.connect("subscribers");
    // one of a kind that is there, and those of which there need not be a bound
    for (const pattern of [shape(1).replaceAll("a", "b"), "a.*.c", "a.>", "#>", "*.b.>", "*"]) {
      assertEquals(await honest.ask(`s sub ${pattern}`), "OK");
    }
    for (const client of clients) {
      await client.send("s quit\n");
      await client.rest();
    }
    const [kept] = await fill(honest, shape);
    assert(kept >= PATTERN_SHAPES_MOST / 2 - 1, `${kept}`);
  } finally {
    for (const client of clients) client.close();
  }
});

Deno.test("more than 32 segments are refused with the bound, in patterns and topics (T1)", async () => {
  await using server = new TestServer();
  using subscriber = server.connect("subscribers");
  using publisher = server.connect("publishers");
  const name = Array(33).fill("a").join(".");
  assertEquals(await subscriber.ask(`s sub ${name}`), "ERR_BAD_PATTERN");
  assertEquals(await publisher.ask(`p pub ${name} hi`), "ERR_BAD_TOPIC");
  await publisher.send("p hello 2\n");
  await publisher.lines(2);
  assertMatch(
    (await publisher.ask(`pub ${name} 2\nhi`))!,
    /^err BAD_TOPIC a topic has at most 32 segments, this one has 33$/,
  );
});
