import { assert, assertEquals } from "@std/assert";
import { inspect } from "node:util";
import { Gap } from "../../../lib/mod.ts";
import { Delivery, SharedDelivery, StoredDelivery } from "../../../lib/client/links/delivery.ts";
import { Holding, LeasedDelivery } from "../../../lib/client/links/leased_delivery.ts";
import { Settlements } from "../../../lib/client/links/settlements.ts";

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

Deno.test("a hundred characters are shown, and of more the beginning, however many bytes they have", () => {
  const shown = (payload: string | Uint8Array): string =>
    Deno.inspect(delivery(payload)).slice("Message(#a.b ".length, -1);
  for (const each of ["x", "ä", "€"]) {
    assertEquals(shown(each.repeat(100)), `"${each.repeat(100)}"`);
    const bytes = 101 * encoder.encode(each).length;
    assertEquals(shown(each.repeat(101)), `"${each.repeat(97)}..." (${bytes} bytes)`);
  }
  assertEquals(shown("x".repeat(1000)), `"${"x".repeat(97)}..." (1000 bytes)`);
});

Deno.test("a text of more than 404 bytes is cut before it is read, which may be in the middle of a character", () => {
  const shown = (payload: Uint8Array): string =>
    Deno.inspect(delivery(payload)).slice("Message(#a.b ".length, -1);
  const broken = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length).fill(0x78);
    bytes[length - 1] = 0xc3;
    return bytes;
  };
  assertEquals(shown(broken(404)), `<${"78".repeat(16)}...> (404 bytes)`);
  assertEquals(shown(broken(405)), `"${"x".repeat(97)}..." (405 bytes)`);
  const early = broken(1000);
  early[403] = 0xff;
  assertEquals(shown(early), `<${"78".repeat(16)}...> (1000 bytes)`);
});

Deno.test("sixteen bytes of what is no text are shown, and a hundred characters of a header's name", () => {
  const bytes = (length: number): string => Deno.inspect(delivery(new Uint8Array(length).fill(0xff)));
  assertEquals(bytes(16), `Message(#a.b <${"ff".repeat(16)}> (16 bytes))`);
  assertEquals(bytes(17), `Message(#a.b <${"ff".repeat(16)}...> (17 bytes))`);
  const named = (length: number): string => Deno.inspect(delivery("", `h.${"n".repeat(length)}=v`));
  assertEquals([100, 101].map(named), Array(2).fill(`Message(#a.b "" headers={${"n".repeat(100)}: "v"})`));
});

Deno.test("a message that is to be settled says how often it was given out, and one in memory does not", () => {
  const where = { bytes: encoder.encode("x"), payloadStart: 0, payloadEnd: 1, fieldsStart: 0, fieldsEnd: 0 };
  const holding = new Holding(new Settlements({ send: () => Promise.resolve() }));
  const leased = (seq: number): LeasedDelivery =>
    new LeasedDelivery("#a.b", { ...where, group: "g", seq, time: seq, attempt: 3 }, holding);
  const time = "1970-01-01T00:00:00.007Z";
  assertEquals(Deno.inspect(leased(7)), `Message(#a.b "x" group="g" seq=7 attempt=3 time=${time})`);
  assertEquals(
    JSON.stringify(leased(7)),
    `{"time":"${time}","topic":"#a.b","group":"g","seq":7,"attempt":3,"payload":"x"}`,
  );
  assertEquals(Deno.inspect(leased(-1)), 'Message(#a.b "x" group="g")');
  assertEquals(JSON.stringify(leased(-1)), '{"topic":"#a.b","group":"g","payload":"x"}');
});
