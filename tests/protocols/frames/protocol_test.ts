import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Chunk, ChunkPool, Slice } from "../../../lib/buffers.ts";
import { protocolOf } from "../../../lib/protocols/mod.ts";
import { FRAMES } from "../../../lib/protocols/frames/protocol.ts";
import { errFrame, okFrame } from "../../../lib/protocols/frames/words.ts";
import { DONE, type Success } from "../../../lib/protocols/types.ts";
import { encodeText } from "../../../lib/wire/bytes.ts";
import { RECORDS } from "../../../lib/wire/encoding.ts";
import { Run } from "../../../lib/wire/run.ts";

const decoder = new TextDecoder();

function replying(): { replies: ReturnType<typeof FRAMES.replies>; said: Slice[]; text(): string } {
  const said: Slice[] = [];
  const replies = FRAMES.replies({ reply: (slice) => said.push(slice) });
  return { replies, said, text: () => said.map(({ view }) => decoder.decode(view)).join("") };
}

function success(what: Partial<Success>): Success {
  return { ...DONE, ...what };
}

Deno.test("an ok says how many it is for, and what is known of them, each only where it is (V2)", () => {
  assertEquals(okFrame(3, DONE), "ok 3\n");
  assertEquals(okFrame(1, success({ from: 7 })), "ok 1 from=7\n");
  assertEquals(okFrame(1, success({ newest: 9 })), "ok 1 last=9\n");
  assertEquals(
    okFrame(2, success({ last: 0, level: "synced", reached: 0 })),
    "ok 2 seq=0 level=synced subs=0\n",
  );
  assertEquals(
    okFrame(1, success({ from: 0, newest: 0, last: 5, level: "memory", reached: 2 })),
    "ok 1 from=0 last=0 seq=5 level=memory subs=2\n",
  );
});

Deno.test("whatever is said comes in its order, each once, kept back until it is flushed or is much", () => {
  const ok = fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    what: fc.constantFrom(
      DONE,
      success({}),
      success({ level: "memory" }),
      success({ level: "memory", reached: 1 }),
      success({ reached: 2, level: "synced" }),
      success({ last: 4, level: "synced" }),
      success({ from: 3 }),
      success({ newest: 3 }),
    ),
  });
  const step = fc.oneof(
    { weight: 3, arbitrary: ok },
    fc.constantFrom("pong", "flush", "info", "bye", "goodbye", "welcome" as const),
    fc.record({ refused: fc.nat(3) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
    const { replies, text } = replying();
    let expected = "";
    for (const each of steps) {
      if (typeof each === "object" && "what" in each) {
        replies.ok(each.count, each.what);
        expected += okFrame(each.count, each.what);
      } else if (typeof each === "object") {
        replies.refuse({ code: "BAD_TOPIC", text: "no\ntopic" }, each.refused);
        expected += "err BAD_TOPIC no topic\n".repeat(each.refused);
      } else if (each === "pong") {
        replies.pong();
        expected += "pong\n";
      } else if (each === "info") {
        replies.info({ draining: true });
        expected += 'info {"draining":true}\n';
      } else if (each === "bye") {
        replies.bye("TIMEOUT", "too\r\nlate");
        expected += "bye TIMEOUT too late\n";
      } else if (each === "goodbye") {
        replies.goodbye();
        expected += "bye QUIT goodbye\n";
      } else if (each === "welcome") {
        replies.welcome({ a: 1 });
        expected += 'OK_2\ninfo {"a":1}\n';
      } else {
        replies.flush();
        assertEquals(text(), expected);
      }
      assert(expected.startsWith(text()), "in their order");
    }
    replies.flush();
    assertEquals(text(), expected);
  }));
});

Deno.test("replies that follow one another leave as one, from 8 KiB on by themselves", () => {
  const { replies, said } = replying();
  const frame = errFrame("BUSY", "x");
  const fit = Math.ceil(8192 / frame.length);
  for (let left = fit - 1; left > 0; left--) replies.refuse({ code: "BUSY", text: "x" }, 1);
  assertEquals(said.length, 0);
  replies.refuse({ code: "BUSY", text: "x" }, 1);
  assertEquals(said.map(({ view }) => view.length), [fit * frame.length]);
  replies.flush();
  assertEquals(said.length, 1, "there is nothing more to say");
  replies.bye("X", "y".repeat(8192 - "bye X \n".length));
  assertEquals(said.length, 2, "8,192 characters are enough");
  replies.bye("X", "y".repeat(8191 - "bye X \n".length));
  assertEquals(said.length, 2);
});

Deno.test("many refusals alike leave together, behind what was said before", () => {
  const { replies, said } = replying();
  replies.pong();
  replies.refuse({ code: "BUSY", text: "x" }, 100);
  replies.pong();
  replies.flush();
  const text = said.map(({ view }) => new TextDecoder().decode(view)).join("");
  assertEquals(text, `pong\n${"err BUSY x\n".repeat(100)}pong\n`);
  assertEquals(said.length, 3);
});

Deno.test("the answer to one request is made once for all, the same answer again once for a connection", () => {
  const [one, other] = [replying(), replying()];
  for (const { replies } of [one, other]) replies.ok(1, DONE);
  assert(one.said[0] === other.said[0]);
  const { replies, said } = one;
  const known = success({ level: "memory", reached: 1 });
  replies.ok(5, known);
  replies.ok(5, success({ level: "memory", reached: 1 }));
  assert(said[1] === said[2]);
  for (
    const [count, what] of [
      [6, known],
      [6, success({ level: "synced", reached: 1 })],
      [6, success({ level: "synced", reached: 2 })],
      [1, success({})],
    ] as const
  ) {
    const before = said.at(-1);
    replies.ok(count, what);
    assert(said.at(-1) !== before);
    assertEquals(decoder.decode(said.at(-1)!.view), okFrame(count, what));
  }
});

Deno.test("what is said among deliveries and to who is turned away", () => {
  const text = (slice: Slice | undefined): string => decoder.decode(slice?.view);
  assertEquals(text(FRAMES.gap("#a.>", 12)), "gap #a.> 12\n");
  assertEquals(text(FRAMES.notice({ live: "#a" })), 'info {"live":"#a"}\n');
  assertEquals(text(FRAMES.bye("SLOW", "too\nslow")), "bye SLOW too slow\n");
  assertEquals(decoder.decode(FRAMES.turnAway({ code: "BUSY", text: "later" })), "bye BUSY later\n");
  assertEquals([FRAMES.carriesFields, FRAMES.tellsGaps, replying().replies.tellsReceipts], [
    true,
    true,
    true,
  ]);
  assertEquals([protocolOf("2") === FRAMES, protocolOf("1"), protocolOf("")], [true, undefined, undefined]);
});

Deno.test("what is stored is delivered behind a header that says where, else as records; a group's says whose (D2, G2, G7)", () => {
  const records = "pub #a 3\none\npub #a 3\ntwo\n";
  const pool = new ChunkPool();
  const run = new Run(new Slice(new Chunk(encodeText(`~${records}`)), 1, 1 + records.length), {
    ...{ route: { topic: "#a", topicBytes: 2 }, encoding: RECORDS, count: 2, pool, hasFields: false },
    ...{ ttl: undefined, expires: undefined },
  });
  const text = (slice: Slice | undefined): string => decoder.decode(slice?.view);
  const shared = (attempt: number): Slice => FRAMES.shared!(run, { group: "g", attempt });
  assert(FRAMES.deliveries(run) === run.records);
  const made = [shared(1), shared(2)];
  assertEquals(made.map(text), [`batch #a 2 26 group=g\n${records}`, `batch #a 2 26 group=g\n${records}`]);
  run.stored = { first: 7, batch: 3, time: 99 };
  assertEquals(text(FRAMES.deliveries(run)), `batch #a 2 26 seq=7 ts=99\n${records}`);
  made.push(shared(1), shared(2));
  assertEquals(made.slice(2).map(text), [
    `batch #a 2 26 group=g seq=7 ts=99\n${records}`,
    `batch #a 2 26 group=g seq=7 ts=99 attempt=2\n${records}`,
  ]);
  run.release();
  for (const { chunk } of made) chunk.release();
  assertEquals(pool.bytesOut, 0, "each is released by who asked for it");
});
