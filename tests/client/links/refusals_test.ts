import { assertEquals } from "@std/assert";
import { isTurnedAway, namesOf, needsV2, refused } from "../../../lib/client/links/refusals.ts";

Deno.test("a refusal says what was asked, the code as it came and a sentence, the broker's own where it has one", () => {
  const what = 'publish to "#a"';
  const cases: [code: string, text: string, wanted: string, shown: string][] = [
    ["ERR_WRONG_PORT", "", "WRONG_PORT", ": publish on the publishers' port, subscribe on the subscribers'"],
    ["ERR_BAD_TOPIC too long", "", "BAD_TOPIC", ": this is not a topic"],
    ["PAYLOAD_TOO_LARGE", "at most 1024 bytes", "PAYLOAD_TOO_LARGE", ": at most 1024 bytes"],
    ["ERR_FULL", "", "FULL", ""],
    ["ERR_toString", "", "toString", ""],
  ];
  for (const [code, text, wanted, shown] of cases) {
    const error = refused({ code, text }, what);
    assertEquals(
      [error.code, error.message],
      [wanted, `the broker refused to publish to "#a" (${code})${shown}`],
    );
  }
});

Deno.test("of what a broker says no more is repeated than a person reads, and nothing that could move a cursor", () => {
  const said = (code: string, text: string): string => refused({ code, text }, "do it").message;
  const X = "X".repeat(200);
  assertEquals(said(`${X}Y`, ""), `the broker refused to do it (${X})`);
  assertEquals(said("X", `${"y".repeat(500)}z`), `the broker refused to do it (X): ${"y".repeat(500)}`);
  assertEquals(said("\x1b", "\x1b"), "the broker refused to do it (\\x1b): \\x1b");
  assertEquals(
    said("\x1b".repeat(100), "\x1b".repeat(200)).length,
    "the broker refused to do it (): ".length + 700,
  );
  assertEquals(refused({ code: "ERR_DENIED now", text: "" }, "do it").code, "DENIED");
  assertEquals(refused({ code: "", text: "" }, "do it").message, "the broker refused to do it ()");
});

Deno.test("two refusals are the connection's, and any other is a request's", () => {
  const said = ["ERR_TOO_MANY_CONNECTIONS", "ERR_NEEDS_TLS", "ERR_BUSY", "ERR_DENIED", "OK", ""];
  assertEquals(said.map(isTurnedAway), [true, true, false, false, false, false]);
});

Deno.test("what the classic protocol has not is named", () => {
  const error = needsV2("headers");
  assertEquals([error.code, error.message], [
    "NEEDS_V2",
    "this broker speaks only the classic protocol, which has no headers",
  ]);
  assertEquals([namesOf(" from=1"), namesOf(" from=1 slow=latest group=a=b")], [
    "from=",
    "from= or slow= or group=",
  ]);
});
