import { assertEquals } from "@std/assert";
import {
  Behind,
  fromPlace,
  type Place,
  placeText,
  readPlace,
  startOf,
} from "../../../lib/http/messages/place.ts";
import type { Message } from "../../../lib/client/types.ts";

function message(topic: string, seq: number | undefined, time: number | undefined): Message {
  // what of a message a place is made of
  const stored = time === undefined ? undefined : new Date(time);
  return { topic, seq, time: stored, payload: new Uint8Array(1) } as Message;
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

Deno.test("a place says where what comes of several topics began, and of the last ones what time that was", () => {
  assertEquals(startOf("#>", 7, 20), { kind: "sequence", sequence: 7 });
  const last = startOf("#>", "-10", 20)!;
  assertEquals(last, { kind: "last", count: 10, asOf: 20 });
  assertEquals(startOf("#>", "latest", 20), { kind: "last", count: 1, asOf: 20 });
  for (const from of ["earliest", "-10m", new Date(0)] as const) {
    assertEquals(startOf("#>", from, 20), undefined);
  }
  assertEquals([startOf("#a", 7, 20), startOf("#a", "-10", 20)], [undefined, undefined]);
  assertEquals(placeText(message("#a", 7, 10), { kind: "sequence", sequence: 3 }), "10 7 #a 3");
  assertEquals(placeText(message("#a", 7, 19), last), "19 7 #a -10@20");
  assertEquals(placeText(message("#a", 7, 20), last), "20 7 #a", "it came since, in the order of the times");
  const at = { topic: "#a", seq: 7 };
  assertEquals(readPlace("10 7 #a 3"), { time: 10, at, start: { kind: "sequence", sequence: 3 } });
  assertEquals(readPlace("19 7 #a -10@20"), { time: 19, at, start: last });
  for (const text of ["10 7 #a -10", "10 7 #a x", "10 7 #a 3 4", "10 7 #a -10@"]) {
    assertEquals(readPlace(text), undefined, text);
  }
  assertEquals<unknown>(fromPlace("#>", { time: 19, at, start: last }), "-10@1970-01-01T00:00:00.020Z");
  assertEquals(fromPlace("#a", { time: 19, at, start: last }), 8);
});

Deno.test("of the last ones of each topic those up to a place are left out, whatever their times", () => {
  const start = startOf("#>", "-10", 20);
  const taken = (...messages: readonly Message[]): number[] => {
    const behind = new Behind("#>", { time: 10, at: { topic: "#b", seq: 2 }, start });
    return messages.flatMap((one) => behind.take(one)).map(({ seq }) => seq!);
  };
  const before = [message("#a", 1, 15), message("#b", 1, 8)];
  assertEquals(taken(...before, message("#b", 2, 10), message("#b", 3, 11), message("#c", 4, 1)), [3, 4]);
  assertEquals(taken(...before, message("#b", 3, 11), message("#c", 4, 1)), [3, 4], "the place is gone");
  assertEquals(taken(...before, message("#a", 5, 20), message("#b", 6, 21)), [1, 1, 5, 6], "so is its topic");
  const many = Array.from({ length: 100_000 }, (_, at) => message("#a", at + 1, 15));
  const kept = taken(...many, message("#a", 100_001, 20));
  assertEquals(
    [kept.at(0)! > 50_000, kept.at(-1), kept.length < 20_000],
    [true, 100_001, true],
    "as many as may wait",
  );
  const behind = new Behind("#>", { time: 10, at: { topic: "#b", seq: 2 }, start });
  assertEquals([behind.rest(), behind.take(message("#a", 1, 15)).length], [[], 1]);
  const over = new Behind("#>", { time: 10, at: { topic: "#b", seq: 2 }, start });
  assertEquals([...over.take(before[0]!), ...over.rest()], [before[0]], "nothing behind it came");
});

Deno.test("what lies before the number that was begun with is left out of every topic", () => {
  const start = startOf("#>", 2, 20);
  const behind = new Behind("#>", { time: 10, at: { topic: "#b", seq: 2 }, start });
  const messages = [message("#b", 2, 10), message("#c", 1, 11), message("#c", 2, 12)];
  assertEquals(messages.flatMap((one) => behind.take(one)), [messages[2]!]);
});
