import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Backlog, type Portion } from "../../../lib/client/publishing/backlog.ts";
import { recordHead } from "../../../lib/wire/records.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const NO_FIELDS = new Uint8Array(0);
const ALL = { bytes: Infinity, count: Infinity };

function add(backlog: Backlog, payload: string | Uint8Array, fields = ""): void {
  backlog.add(encoder.encode("pub #a "), {
    fields: fields === "" ? NO_FIELDS : encoder.encode(fields),
    payload,
  });
}

function takeAll(backlog: Backlog, window = ALL): string {
  let text = "";
  for (let portion = backlog.next(window); portion !== undefined; portion = backlog.next(window)) {
    text += decoder.decode(portion.bytes);
    backlog.written(portion);
  }
  return text;
}

function frame(payload: string, fields = ""): string {
  return `pub #a ${encoder.encode(payload).length}${fields}\n${payload}\n`;
}

Deno.test("text and bytes of every length become the frames that publish them", () => {
  const backlog = new Backlog();
  const texts = [
    "",
    "x",
    "123456789",
    "1234567890",
    "ä",
    "€".repeat(5),
    "€".repeat(40),
    "🙂",
    "a\nb\0",
    "x".repeat(99),
  ];
  texts.push("é".repeat(5000), "y".repeat(200_000), "€".repeat(60_000));
  let wanted = "";
  for (const text of texts) {
    add(backlog, text);
    add(backlog, encoder.encode(text), " key=1");
    wanted += frame(text) + frame(text, " key=1");
  }
  assertEquals(backlog.size, 2 * texts.length);
  assertEquals(takeAll(backlog), wanted);
  assertEquals(takeAll(backlog), "");
});

Deno.test("the oldest message is read back, with its topic, fields and payload", () => {
  const backlog = new Backlog();
  backlog.add(recordHead("#größe"), { fields: encoder.encode(" a=b h.c=d"), payload: "1\n2" });
  backlog.add(recordHead("#b"), { fields: NO_FIELDS, payload: "" });
  const { topic, fields, payload } = backlog.first();
  assertEquals([topic, fields, decoder.decode(payload)], ["#größe", " a=b h.c=d", "1\n2"]);
  backlog.done(1);
  assertEquals(backlog.first(), { topic: "#b", fields: "", payload: new Uint8Array(0) });
});

Deno.test("the window stops what is sent and not done with, a message larger than it goes out all the same", () => {
  const backlog = new Backlog();
  const window = { bytes: 300_000, count: Infinity };
  for (let n = 0; n < 100; n++) add(backlog, "x".repeat(10_000));
  const first = takeAll(backlog, window);
  assert(first.length > 300_000 && first.length < 450_000, `${first.length} bytes are on their way`);
  assertEquals(takeAll(backlog, window), "");
  backlog.done(20);
  assert(takeAll(backlog, window).length > 0);
  backlog.done(backlog.size);
  add(backlog, "y".repeat(400_000));
  add(backlog, "z");
  assertEquals(takeAll(backlog, window), frame("y".repeat(400_000)));
  backlog.done(1);
  assertEquals(takeAll(backlog, window), frame("z"));
});

Deno.test("what no portion has been made of is counted, in the block that is being filled", () => {
  const backlog = new Backlog();
  assertEquals(backlog.unsent, 0);
  add(backlog, "x");
  assertEquals(backlog.unsent, frame("x").length);
  add(backlog, "yz");
  const both = frame("x").length + frame("yz").length;
  assertEquals(backlog.unsent, both);
  const portion = backlog.next(ALL)!;
  assertEquals(backlog.unsent, 0);
  add(backlog, "z");
  assertEquals(backlog.unsent, frame("z").length);
  backlog.written(portion);
  backlog.rewind();
  assertEquals(backlog.unsent, both + frame("z").length);
  backlog.done(1);
  backlog.rewind();
  assertEquals(backlog.unsent, both + frame("z").length - frame("x").length);
  add(backlog, "y".repeat(1024 * 1024));
  assertEquals(backlog.unsent, frame("y".repeat(1024 * 1024)).length, "of the last block");
  backlog.clear();
  assertEquals([backlog.unsent, backlog.bytes, backlog.size], [0, 0, 0]);
});

Deno.test("memory is let go of as messages are done with", () => {
  const backlog = new Backlog();
  for (let round = 0; round < 100; round++) {
    for (let n = 0; n < 1000; n++) add(backlog, "x".repeat(100));
    takeAll(backlog);
    backlog.done(1000);
    assertEquals([backlog.size, backlog.bytes], [0, 0]);
  }
});

Deno.test("what is answered while it is being written is let go of when the write is done", () => {
  for (const size of [10, 200_000, 3_000_000]) {
    const backlog = new Backlog();
    add(backlog, "x".repeat(size));
    const portion = backlog.next(ALL);
    assert(portion !== undefined);
    backlog.done(1);
    assert(backlog.bytes >= size, "somebody still reads it");
    add(backlog, "behind it");
    backlog.written(portion);
    backlog.rewind();
    assertEquals(takeAll(backlog), frame("behind it"));
    backlog.done(1);
    assertEquals([backlog.size, backlog.bytes], [0, 0]);
  }
});

Deno.test("a write that is on its way outlives a rewind and a clear", () => {
  const backlog = new Backlog();
  add(backlog, "first");
  const old = backlog.next(ALL);
  assert(old !== undefined);
  backlog.rewind();
  const again = backlog.next(ALL);
  assert(again !== undefined);
  assertEquals(decoder.decode(again.bytes), frame("first"));
  backlog.done(1);
  backlog.written(old);
  assert(backlog.bytes > 0, "the second write of it goes on");
  backlog.written(again);
  assertEquals(backlog.bytes, 0);
  add(backlog, "second");
  const cleared = backlog.next(ALL);
  assert(cleared !== undefined);
  backlog.clear();
  assertEquals([backlog.size, backlog.bytes], [0, 0]);
  add(backlog, "third");
  backlog.written(cleared);
  assertEquals([decoder.decode(cleared.bytes), takeAll(backlog)], [frame("second"), frame("third")]);
});

Deno.test("a message that was never handed out can be taken out, wherever it is; any other stays", () => {
  const backlog = new Backlog();
  for (let n = 0; n < 300; n++) add(backlog, `${n} ${"x".repeat(1000)}`);
  const sent = backlog.next(ALL); // the first block of it
  assert(sent !== undefined);
  const here = decoder.decode(sent.bytes).split("pub #a").length - 1;
  assert(here > 0 && here < 300);
  backlog.written(sent);
  assertEquals([backlog.withdraw(1), backlog.withdraw(here)], [false, false]);
  assertEquals([300 - here, 150, here + 1, here + 1].map((place) => backlog.withdraw(place)), [
    true,
    true,
    true,
    true,
  ]);
  assertEquals(backlog.size, 296);
  backlog.done(here);
  assertEquals(backlog.withdraw(1), true);
  const left = takeAll(backlog).split("pub #a").length - 1;
  assertEquals([left, backlog.size], [295 - here, 295 - here]);
  backlog.rewind();
  assertEquals(backlog.withdraw(1), false, "it has been on its way before");
});

Deno.test("whatever is added, sent, done with and sent again: order is kept and nothing is lost or made up", () => {
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        length: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 30_000 })),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("send" as const, "written" as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("done" as const),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("withdraw" as const),
        share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("rewind" as const, "first" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const backlog = new Backlog();
      const pending: string[] = [];
      const writing: Portion[] = [];
      let sent = ""; // since the last rewind, but for what is done with
      let number = 0;
      for (const step of steps) {
        if (step.do === "add") {
          const payload = `${number++}${"-".repeat(step.length)}`;
          add(backlog, payload);
          pending.push(frame(payload));
        } else if (step.do === "send") {
          const portion = backlog.next({ bytes: 100_000, count: Infinity });
          if (portion === undefined) continue;
          sent += decoder.decode(portion.bytes);
          writing.push(portion);
        } else if (step.do === "written") {
          const portion = writing.shift();
          if (portion !== undefined) backlog.written(portion);
        } else if (step.do === "done") {
          let whole = 0;
          for (let length = 0; whole < pending.length; whole++) {
            length += pending[whole]!.length;
            if (length > sent.length) break;
          }
          const count = Math.floor(whole * step.share);
          for (const done of pending.splice(0, count)) sent = sent.slice(done.length);
          backlog.done(count);
        } else if (step.do === "withdraw") {
          if (pending.length === 0) continue;
          const at = Math.floor(step.share * pending.length);
          const before = pending.slice(0, at).join("").length;
          if (backlog.withdraw(at + 1)) {
            assert(before >= sent.length, "what has been sent stays");
            pending.splice(at, 1);
          }
        } else if (step.do === "rewind") {
          backlog.rewind();
          sent = "";
        } else if (pending.length > 0) {
          const { payload } = backlog.first();
          assertEquals(frame(decoder.decode(payload)), pending[0]);
        }
        assertEquals(backlog.size, pending.length);
        assert(pending.join("").startsWith(sent), "what was sent is what is pending, from its beginning");
      }
      backlog.rewind();
      assertEquals(takeAll(backlog), pending.join(""));
    }),
    { numRuns: 300 },
  );
});
