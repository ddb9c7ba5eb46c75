import { assertEquals } from "@std/assert";
import { readPubAck } from "../../../../lib/engine/nats/stored/pub_ack.ts";
import { encodeText } from "../../../../lib/wire/bytes.ts";

function read(text: string, status = 0): unknown {
  const nothing = { subject: "", reply: "", hasHeaders: false, headers: undefined, description: undefined };
  return readPubAck({ ...nothing, status, bytes: encodeText(text) });
}

Deno.test("what JetStream answers to a publish says that it has it, had it, or why it does not take it", () => {
  assertEquals(read('{"stream":"s","seq":7}'), { kind: "stored", sequence: 7 });
  assertEquals(read('{"seq":1,"error":null}'), { kind: "stored", sequence: 1 });
  assertEquals(read('{"seq":1,"duplicate":false}'), { kind: "stored", sequence: 1 });
  assertEquals(read('{"seq":7,"duplicate":true}'), { kind: "known" });
  const refused = (reason: string): object => ({ kind: "refused", code: "STORE", reason: `NATS: ${reason}` });
  assertEquals(read('{"error":{"code":503,"err_code":10077,"description":"full"},"seq":0}'), refused("full"));
  assertEquals(read('{"error":{"err_code":"10008","description":"odd"}}'), refused("odd"));
  assertEquals(read('{"error":{}}'), refused("undefined"));
});

Deno.test("what passes by itself, and what is no answer of JetStream's, says nothing of the message", () => {
  const later = { kind: "later" };
  assertEquals(read('{"seq":7}', 503), later, "nobody is there");
  for (const code of [10005, 10008, 10009]) {
    assertEquals(read(`{"error":{"err_code":${code},"description":"no leader"}}`), later);
  }
  for (
    const text of [
      "",
      "no JSON",
      "null",
      "7",
      '"seq"',
      "{}",
      '{"seq":0}',
      '{"seq":-1}',
      '{"seq":1.5}',
      '{"seq":"7"}',
    ]
  ) {
    assertEquals(read(text), later, text);
  }
});
