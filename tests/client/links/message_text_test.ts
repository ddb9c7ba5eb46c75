import { assert, assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { Gap } from "../../../lib/mod.ts";
import { Delivery, SharedDelivery, StoredDelivery } from "../../../lib/client/links/delivery.ts";

const encoder = new TextEncoder();

/** A delivery as a link makes it, of a payload and fields. */
function delivery(payload: string | Uint8Array, fields = "", seq?: number): Delivery {
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const head = encoder.encode(fields);
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  const where = {
    bytes,
    fieldsStart: 0,
    fieldsEnd: head.length,
    payloadStart: head.length,
    payloadEnd: bytes.length,
  };
  return seq === undefined
    ? new Delivery("#a.b", where)
    : new StoredDelivery("#a.b", { ...where, seq, time: Date.UTC(2026, 0, 31, 9) });
}

const FULL = delivery("42 äpples", "id=x-1 key=k%20k ttl=5 reply=#r h.lang=en h.a%3Db=c", 7);

Deno.test("a message is shown on one line, by Deno and by Node, alone and among others", () => {
  const shown =
    'Message(#a.b "42 äpples" seq=7 time=2026-01-31T09:00:00.000Z id="x-1" key="k k" ttl=5 reply="#r" ' +
    'headers={lang: "en", a=b: "c"})';
  assertEquals(Deno.inspect(FULL), shown);
  assertEquals(inspect(FULL), shown);
  assertEquals(Deno.inspect(delivery("")), 'Message(#a.b "")');
  const shared = { bytes: encoder.encode("x"), payloadStart: 0, payloadEnd: 1, fieldsStart: 0, fieldsEnd: 0 };
  const live = new SharedDelivery("#a.b", { ...shared, group: "wörkers", seq: -1, time: -1 });
  assertEquals([live.group, live.seq, live.time], ["wörkers", undefined, undefined]);
  assertEquals(Deno.inspect(live), 'Message(#a.b "x" group="wörkers")');
  assertEquals(JSON.stringify(live), '{"topic":"#a.b","group":"wörkers","payload":"x"}');
  const stored = new SharedDelivery("#a.b", { ...shared, group: "g", seq: 7, time: 0 });
  assertEquals(inspect(stored), 'Message(#a.b "x" group="g" seq=7 time=1970-01-01T00:00:00.000Z)');
  assert(Deno.inspect([delivery("x")]).includes('Message(#a.b "x")'));
  assertEquals(Deno.inspect(new Gap("#a.>", 3)), "Gap(#a.> missed=3)");
});

Deno.test("what could move a cursor is written out, and what is long is cut with its length told", () => {
  assertEquals(Deno.inspect(delivery("a\x1b[31m\n\u202eb")), 'Message(#a.b "a\\x1b[31m\\n\\u{202e}b")');
  const long = Deno.inspect(delivery("ä".repeat(4_000_000)));
  assertEquals(long, `Message(#a.b "${"ä".repeat(97)}..." (8000000 bytes))`);
  assertEquals(
    Deno.inspect(delivery(`x${"😀".repeat(300)}`)),
    `Message(#a.b "x${"😀".repeat(96)}..." (1201 bytes))`,
  );
  assertEquals(Deno.inspect(delivery(Uint8Array.of(0xff, 0x20, 0))), "Message(#a.b <ff2000> (3 bytes))");
  assertEquals(
    Deno.inspect(delivery(new Uint8Array(5000).fill(0xff))),
    `Message(#a.b <${"ff".repeat(16)}...> (5000 bytes))`,
  );
  assertEquals(Deno.inspect(new Gap("#a\x1b", 1)), "Gap(#a\\x1b missed=1)");
});

Deno.test("JSON has the names of subscriber --json, bytes that are no text in base64, and no field that was not given", () => {
  assertEquals(JSON.parse(JSON.stringify(FULL)), {
    time: "2026-01-31T09:00:00.000Z",
    topic: "#a.b",
    seq: 7,
    id: "x-1",
    key: "k k",
    ttl: 5,
    reply: "#r",
    headers: { lang: "en", "a=b": "c" },
    payload: "42 äpples",
  });
  assertEquals(JSON.stringify(delivery("hi")), '{"topic":"#a.b","payload":"hi"}');
  assertEquals(JSON.stringify([delivery(Uint8Array.of(0xff))]), '[{"topic":"#a.b","payload_base64":"/w=="}]');
  assertEquals(JSON.stringify(delivery("\ufeffx")), '{"topic":"#a.b","payload":"\ufeffx"}');
  assertEquals(JSON.stringify(new Gap("#a", 3)), '{"pattern":"#a","missed":3}');
});
