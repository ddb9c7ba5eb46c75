import { assertEquals } from "@std/assert";
import {
  Delivery,
  type MessageBytes,
  SharedDelivery,
  StoredDelivery,
} from "../../../lib/client/links/delivery.ts";

/** A message in the middle of what was read. */
function read(fields: string, payload: string): MessageBytes {
  const [before, encoder] = ["pub #a ", new TextEncoder()];
  const fieldsStart = before.length;
  const fieldsEnd = fieldsStart + encoder.encode(fields).length;
  const payloadStart = fieldsEnd + 1;
  const bytes = encoder.encode(`${before}${fields}\n${payload}\nmore`);
  return {
    bytes,
    fieldsStart,
    fieldsEnd,
    payloadStart,
    payloadEnd: payloadStart + encoder.encode(payload).length,
  };
}

Deno.test("a message of the classic protocol is its topic and its payload, and weighs as much as they are long", () => {
  const payload = Uint8Array.of(0xff, 0, 0x41);
  const message = Delivery.plain("#abc", payload);
  assertEquals([message.topic, [...message.payload], message.length, message.weight], [
    "#abc",
    [0xff, 0, 0x41],
    3,
    7,
  ]);
  assertEquals(message.text, "\ufffd\0A");
  const { headers, key, id, reply, ttl, seq, time, group, lapsed } = message;
  assertEquals([headers.size, key, id, reply, ttl, seq, time, group, lapsed], [
    0,
    ...Array(7).fill(undefined),
    false,
  ]);
  assertEquals([Delivery.plain("", new Uint8Array(0)).weight, Delivery.plain("", new Uint8Array(0)).text], [
    0,
    "",
  ]);
});

Deno.test("what goes with a message is read from its fields when it is asked for", () => {
  const fields = "id=4 key=k%20k ttl=0.5 reply=#r h.trace=a%20b h.trace=last z=1";
  const message = new Delivery("#a", read(fields, "ü\n"));
  assertEquals([message.text, message.length], ["ü\n", 3]);
  assertEquals([message.id, message.key, message.ttl, message.reply], ["4", "k k", 0.5, "#r"]);
  assertEquals([...message.headers], [["trace", "last"]]);
  assertEquals(message.weight, "#a".length + 3 + fields.length);
  const ttlOf = (text: string): number | undefined => new Delivery("#a", read(`ttl=${text}`, "")).ttl;
  assertEquals(["0", "60", "-1", "x"].map(ttlOf), [0, 60, undefined, undefined]);
});

Deno.test("a byte order mark in a payload is a part of it", () => {
  assertEquals(new Delivery("#a", read("", "\ufeffx")).text, "\ufeffx");
});

Deno.test("a stored message has its number and when it was stored, and a member's has them where it is stored", () => {
  const stored = new StoredDelivery("#a", { ...read("", "x"), seq: 7, time: 5 });
  assertEquals([stored.seq, stored.stored, stored.time, stored.group], [7, 5, new Date(5), undefined]);
  const shared = (seq: number, time: number): unknown[] => {
    const message = new SharedDelivery("#a", { ...read("", "x"), group: "g", seq, time });
    return [message.group, message.seq, message.time];
  };
  assertEquals(shared(7, 5), ["g", 7, new Date(5)]);
  assertEquals(shared(0, 0), ["g", 0, new Date(0)]);
  assertEquals(shared(-1, -1), ["g", undefined, undefined]);
});
