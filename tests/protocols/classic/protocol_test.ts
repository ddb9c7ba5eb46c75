import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Slice } from "../../../lib/buffers.ts";
import { DEFAULT_LIMITS } from "../../../lib/limits.ts";
import { CLASSIC } from "../../../lib/protocols/classic/protocol.ts";
import { DONE } from "../../../lib/protocols/types.ts";

const decoder = new TextDecoder();

/** Replies, and what came of them slice by slice. */
function replying(): { replies: ReturnType<typeof CLASSIC.replies>; said: Slice[]; text(): string } {
  const said: Slice[] = [];
  const replies = CLASSIC.replies({ reply: (slice) => said.push(slice) });
  return { replies, said, text: () => said.map(({ view }) => decoder.decode(view)).join("") };
}

Deno.test("each request has one reply, OK or ERR_<CODE>, in the order in which they came (C2)", () => {
  const count = fc.oneof(fc.nat(5), fc.constantFrom(16_383, 16_384, 16_385, 40_000));
  const step = fc.tuple(count, fc.constantFrom(undefined, "BAD_TOPIC", "BUSY"));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4 }), (steps) => {
      const { replies, text } = replying();
      let expected = "";
      for (const [count, code] of steps) {
        if (code === undefined) replies.ok(count, DONE);
        else replies.refuse({ code: code as "BUSY", text: "a sentence" }, Math.min(count, 10));
        expected += code === undefined ? "OK\n".repeat(count) : `ERR_${code}\n`.repeat(Math.min(count, 10));
      }
      replies.flush();
      assert(text() === expected);
    }),
    { numRuns: 50 },
  );
});

Deno.test("many replies are few slices of one memory, and one is always the same", () => {
  const { replies, said } = replying();
  replies.ok(1, DONE);
  replies.ok(1, DONE);
  assert(said[0] === said[1], "nothing is made for one");
  replies.ok(40_000, DONE);
  assertEquals(said.length, 2 + 3);
  assertEquals(new Set(said.map(({ chunk }) => chunk)).size, 1);
  replies.refuse({ code: "BUSY", text: "" }, 3);
  assertEquals(new Set(said.slice(-3)).size, 1, "nor for the same refusal again");
  replies.refuse({ code: "BUSY", text: "other" }, 1);
  assert(said.at(-1) === said.at(-2));
});

Deno.test("quit is answered with OK, and what classic has no word for is not said", () => {
  const { replies, text } = replying();
  assertEquals(replies.tellsReceipts, false);
  replies.welcome({});
  replies.pong();
  replies.bye("DRAINING", "x");
  replies.info({ draining: true });
  replies.flush();
  assertEquals(text(), "");
  replies.goodbye();
  assertEquals(text(), "OK\n");
  assertEquals([CLASSIC.gap("#a", 1), CLASSIC.notice({}), CLASSIC.bye("X", "y")], [
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(decoder.decode(CLASSIC.turnAway({ code: "BUSY", text: "later" })), "ERR_BUSY\n");
  assertEquals([CLASSIC.carriesFields, CLASSIC.tellsGaps], [false, false]);
  assert(CLASSIC.decoder(DEFAULT_LIMITS).next !== undefined);
});
