import { assertEquals } from "@std/assert";
import { DIALECTS } from "../../bench/load/dialects/mod.ts";
import { payloadOf, topicOf } from "../../bench/load/job.ts";

const decoder = new TextDecoder();
const payload = payloadOf(3);

Deno.test("A publish and its delivery are what each protocol says, byte for byte", () => {
  const wire = Object.entries(DIALECTS).map(([name, dialect]) => [
    name,
    decoder.decode(dialect.publish("t", payload)),
    decoder.decode(dialect.delivery("t", payload)),
  ]);
  assertEquals(wire, [
    ["hashbus", "p1 pub #t abc\n", "#t abc\n"],
    ["nats", "PUB t 3\r\nabc\r\n", "MSG t 1 3\r\nabc\r\n"],
    [
      "redis",
      "*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$3\r\nabc\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$3\r\nabc\r\n",
    ],
    ["mqtt", "\x30\x06\x00\x01tabc", "\x30\x06\x00\x01tabc"],
    ["relay", "#t abc\n", "#t abc\n"],
  ]);
});

Deno.test("An MQTT packet of more than 127 bytes has its length in two bytes", () => {
  const packet = DIALECTS.mqtt.publish("t", payloadOf(200));
  // 203 = 0x4b + 1 * 128
  assertEquals([...packet.subarray(0, 6)], [0x30, 0xcb, 0x01, 0x00, 0x01, 0x74]);
  assertEquals(packet.length, 206);
});

Deno.test("Every topic of a shape has the same length, so that every frame has", () => {
  assertEquals([topicOf(0, 10_000), topicOf(9_999, 10_000), topicOf(10_000, 10_000)], [
    "t00000",
    "t09999",
    "t00000",
  ]);
});
