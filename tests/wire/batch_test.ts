import { assert, assertEquals } from "@std/assert";
import { areFrames, encodeBatchHeader, frameHead, passFrames } from "../../lib/wire/batch.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function frames(topic: string, ...payloads: readonly string[]): Uint8Array {
  return encoder.encode(
    payloads.map((payload) => `pub ${topic} ${encoder.encode(payload).length}\n${payload}\n`).join(""),
  );
}

Deno.test("the header of a batch is as docs/protocol.md says", () => {
  const header = encodeBatchHeader({
    topic: "#übers.netz",
    count: 2,
    length: 19,
    first: 7,
    time: 1_700_000_000_000,
  });
  assertEquals(decoder.decode(header), "batch #übers.netz 2 19 seq=7 ts=1700000000000\n");
});

Deno.test("passing frames ends where the next begins, whatever they hold", () => {
  const topic = "#ü.a";
  const payloads = ["", "one", "two\nlines", "pub #ü.a 3\nabc\n", "x".repeat(100_000), "\n\n", "7"];
  const topicBytes = encoder.encode(topic).length;
  const bytes = frames(topic, ...payloads);
  for (let count = 0; count <= payloads.length; count++) {
    const end = frames(topic, ...payloads.slice(0, count)).length;
    assertEquals(passFrames(bytes, { from: 0, count, topicBytes }), end);
    assertEquals(passFrames(bytes, { from: end, count: payloads.length - count, topicBytes }), bytes.length);
  }
});

Deno.test("fields behind the length are passed over", () => {
  const bytes = encoder.encode("pub #a 3 id=7 h.k=v\none\npub #a 3\ntwo\n");
  assertEquals(passFrames(bytes, { from: 0, count: 1, topicBytes: 2 }), 24);
  assert(areFrames(bytes, frameHead("#a"), 2));
});

Deno.test("bytes that are no frames are told, wherever they were cut or changed", () => {
  const bytes = frames("#a", "one", "two");
  const head = frameHead("#a");
  assert(areFrames(bytes, head, 2));
  for (let length = 0; length < bytes.length; length++) {
    assert(!areFrames(bytes.subarray(0, length), head, 2), `cut to ${length}`);
    assertEquals(passFrames(bytes.subarray(0, length), { from: 0, count: 2, topicBytes: 2 }), undefined);
  }
  for (const wrong of [1, 3]) assert(!areFrames(bytes, head, wrong), `${wrong} are not 2`);
  assert(!areFrames(bytes, frameHead("#b"), 2), "another topic");
  for (const at of [0, 5, 7, 8, 12]) {
    const changed = bytes.slice();
    changed[at]! ^= 0x40;
    assert(!areFrames(changed, head, 2), `byte ${at} changed`);
  }
});
