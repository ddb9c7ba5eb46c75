import { assertEquals } from "@std/assert";
import { refused } from "../../../lib/client/links/refusals.ts";

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
