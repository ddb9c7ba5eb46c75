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
    ["hashbus2", "pub #t 3\nabc\n", "pub #t 3\nabc\n"],
    ["hashbus", "p1 pub #t abc\n", "#t abc\n"],
    ["shared2", "pub #t 3\nabc\n", "pub #t 3\nabc\n"],
    ["toClassic", "pub #t 3\nabc\n", "#t abc\n"],
    ["toFrames", "p1 pub #t abc\n", "pub #t 3\nabc\n"],
    ["nats", "PUB t 3\r\nabc\r\n", "MSG t 1 3\r\nabc\r\n"],
    [
      "redis",
      "*3\r\n$7\r\nPUBLISH\r\n$1\r\nt\r\n$3\r\nabc\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\nt\r\n$3\r\nabc\r\n",
    ],
    ["mqtt", "\x30\x06\x00\x01tabc", "\x30\x06\x00\x01tabc"],
    ["relay", "pub #t 3\nabc\n", "pub #t 3\nabc\n"],
    ["synced2", "pub #t 3\nabc\n", "pub #t 3\nabc\n"],
    ["interval2", "pub #t 3\nabc\n", "pub #t 3\nabc\n"],
    ["redisStream", "*5\r\n$4\r\nXADD\r\n$1\r\nt\r\n$1\r\n*\r\n$1\r\nm\r\n$3\r\nabc\r\n", ""],
    ["jetstream", "PUB t _INBOX.0 3\r\nabc\r\n", "MSG t 1 3\r\nabc\r\n"],
    ["beanstalk", "put 1024 0 60 3\r\nabc\r\n", ""],
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

Deno.test("Subscribing to several topics is asked for at once, and the answer to the last one is known", () => {
  const asked = Object.entries(DIALECTS).flatMap(([name, dialect]) => {
    const hello = dialect.subscriberHello(["a", "b"]);
    return hello === null ? [] : [[name, decoder.decode(hello.send), decoder.decode(hello.until)]];
  });
  const of = (name: string): unknown => asked.find(([each]) => each === name)?.slice(1);
  assertEquals(of("hashbus"), ["s1 sub #a\ns1 sub #b\n", "OK\nOK\n"]);
  assertEquals(of("hashbus2"), ["s1 hello 2\nsub #a\nsub #b\nping\n", "\npong\n"]);
  assertEquals(of("redis"), [
    "*3\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n$1\r\nb\r\n",
    "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n",
  ]);
  assertEquals(decoder.decode(DIALECTS.nats.delivery("b", payload, 1)), "MSG b 2 3\r\nabc\r\n");
});

Deno.test("Publishers of JetStream have an inbox each, and publish with it", () => {
  const { publisherHello, publish } = DIALECTS.jetstream;
  const hello = decoder.decode(publisherHello(3)?.send);
  assertEquals(hello.split("\r\n").slice(1), ["SUB _INBOX.3 1", "PING", ""]);
  assertEquals(decoder.decode(publish("t", payload, 3)), "PUB t _INBOX.3 3\r\nabc\r\n");
});
