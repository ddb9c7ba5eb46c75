import { assertEquals } from "@std/assert";
import { parseLine } from "../../../lib/protocols/frames/client_lines.ts";

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
    ["gap #a.> 12", { verb: "gap", pattern: "#a.>", count: 12, group: undefined }],
    ["gap #a.> 12 later=1 group=g", { verb: "gap", pattern: "#a.>", count: 12, group: "g" }],
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
