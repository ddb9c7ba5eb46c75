import { assertEquals } from "@std/assert";
import { parseBatchHeader, parseLine } from "../../../lib/protocols/frames/client_lines.ts";

const MOST = "9".repeat(15);

Deno.test("a line of a broker is read as what it is", () => {
  const cases: [string, unknown][] = [
    ["ok 3", { verb: "ok", count: 3, receipt: {} }],
    ["ok 0", { verb: "ok", count: 0, receipt: {} }],
    [`ok ${MOST}`, { verb: "ok", count: Number(MOST), receipt: {} }],
    ["ok 1 level=synced subs=2 seq=7", {
      verb: "ok",
      count: 1,
      receipt: { level: "synced", subs: 2, seq: 7 },
    }],
    ["ok 1 from=4 last=9", { verb: "ok", count: 1, receipt: { from: 4, last: 9 } }],
    ["ok 1 later=x subs=x seq= level= word =1 xseq=1", { verb: "ok", count: 1, receipt: { level: "" } }],
    ["err BAD_TOPIC this is  none", { verb: "err", code: "BAD_TOPIC", text: "this is  none" }],
    ["err X", { verb: "err", code: "X", text: "" }],
    ["bye SLOW too slow", { verb: "bye", code: "SLOW", text: "too slow" }],
    ["gap #a.> 12", { verb: "gap", pattern: "#a.>", count: 12 }],
    ['info {"a":[1]}', { verb: "info", fields: { a: [1] } }],
    ["info null", { verb: "info", fields: {} }],
    ["info 7", { verb: "info", fields: {} }],
    ["info {", { verb: "info", fields: {} }],
    ["info", { verb: "info", fields: {} }],
    ["pong", { verb: "pong" }],
  ];
  for (const [text, line] of cases) assertEquals(parseLine(text), line as never, text);
  for (
    const text of [
      "",
      "ok",
      "ok x",
      "ok -1",
      `ok ${MOST}0`,
      "err",
      "bye",
      "err  x",
      "gap #a",
      "gap #a x",
      "what",
      "OK",
      " ok 1",
    ]
  ) {
    assertEquals(parseLine(text), undefined, text);
  }
});

Deno.test("the header of a batch has a topic, counts, a first number and a time, and may have more (D2)", () => {
  const header = { topic: "#a", count: 2, length: 19, first: 7, time: 1700 };
  assertEquals(parseBatchHeader("batch #a 2 19 seq=7 ts=1700"), header);
  assertEquals(parseBatchHeader("batch #a 2 19 x=1 ts=1700 word seq=7 y"), header);
  assertEquals(parseBatchHeader("batch #a 1 0 seq=0 ts=0"), {
    topic: "#a",
    count: 1,
    length: 0,
    first: 0,
    time: 0,
  });
  for (
    const text of [
      "batch",
      "batch #a 0 19 seq=7 ts=1700",
      "batch  2 19 seq=7 ts=1700",
      "batch #a x 19 seq=7 ts=1700",
      "batch #a 2 x seq=7 ts=1700",
      "batch #a 2 19 seq=x ts=1700",
      "batch #a 2 19 seq=7 ts=x",
      "batch #a 2 19 seq=7",
      "batch #a 2 19 ts=1700",
      "batch #a 2 19 xseq=7 xts=1",
    ]
  ) assertEquals(parseBatchHeader(text), undefined, text);
});
