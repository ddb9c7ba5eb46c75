import { assertEquals } from "@std/assert";
import { Behind, fromPlace, type Place, placeText, readPlace } from "../../../lib/http/messages/place.ts";
import type { Message } from "../../../lib/client/types.ts";

function message(topic: string, seq: number | undefined, time: number | undefined): Message {
  // what of a message a place is made of
  return { topic, seq, time: time === undefined ? undefined : new Date(time) } as Message;
}

Deno.test("a place is written and read as it was; what is none is told", () => {
  assertEquals(placeText(message("#a.b", 12, 1_700_000_000_123)), "1700000000123 12 #a.b");
  assertEquals(placeText(message("#a", undefined, undefined)), undefined);
  assertEquals(readPlace("1700000000123 12 #a.b"), {
    time: 1_700_000_000_123,
    at: { topic: "#a.b", seq: 12 },
  });
  assertEquals(readPlace("17"), { time: 17, at: undefined });
  assertEquals(readPlace("123456789012345 123456789012345 #a"), {
    time: 123_456_789_012_345,
    at: { topic: "#a", seq: 123_456_789_012_345 },
  });
  assertEquals(
    readPlace(`1 2 #${"é".repeat(300)}`)?.at?.topic.length,
    301,
    "as long as a topic may be set to be",
  );
  for (
    const text of [
      "1 1234567890123456 #a",
      "",
      "x",
      "1 2",
      "1 2 a",
      "1 2 #a b",
      "1 2 #a..b",
      "-1",
      "1 2 #*",
      "1234567890123456",
    ]
  ) {
    assertEquals(readPlace(text), undefined, text);
  }
});

Deno.test("one topic goes on at the next number, a pattern at the time", () => {
  const place: Place = { time: 5_000, at: { topic: "#a", seq: 7 } };
  assertEquals(fromPlace("#a", place), 8);
  assertEquals(fromPlace("#>", place), new Date(5_000));
  assertEquals(fromPlace("#a", { time: 5_000, at: undefined }), new Date(5_000));
});

const AT: Place = { time: 10, at: { topic: "#b", seq: 2 } };

Deno.test("of the very millisecond of a place what was had is left out, and nothing else", () => {
  const behind = new Behind("#>", AT);
  const messages = [message("#a", 1, 10), message("#b", 1, 10), message("#b", 2, 10), message("#c", 1, 10)];
  assertEquals(messages.map((one) => behind.take(one)), [[], [], [], messages.slice(3)]);
  const later = message("#b", 3, 11);
  assertEquals([behind.take(later), behind.rest()], [[later], []]);
});

Deno.test("should the message of a place be gone, its millisecond comes once more and nothing is lost", () => {
  const first = message("#a", 1, 10);
  const later = message("#a", 2, 12);
  const behind = new Behind("#>", AT);
  assertEquals([behind.take(first), behind.take(later)], [[], [first, later]]);
  const over = new Behind("#>", AT);
  assertEquals([over.take(first), over.rest(), over.take(later)], [[], [first], [later]]);
});

Deno.test("what is not stored is not held up, and one topic leaves nothing out", () => {
  const live = message("#m", undefined, undefined);
  const behind = new Behind("#>", AT);
  assertEquals([behind.take(live), behind.take(message("#b", 2, 10)).length], [[live], 0]);
  const same = message("#b", 3, 10);
  assertEquals(new Behind("#b", AT).take(same), [same]);
});
