import { assertEquals } from "@std/assert";
import { wireProblem } from "../../../lib/cli/broker/wire_rules.ts";
import { DEFAULT_LIMITS } from "../../../lib/limits.ts";
import { recordOf } from "../../../lib/store/tools/message_parts.ts";
import { takeableFields } from "../../../lib/store/tools/takeable_fields.ts";
import { decodeText } from "../../../lib/text.ts";
import { encodeText } from "../../../lib/wire/bytes.ts";
import { parseFields } from "../../../lib/wire/fields.ts";

/** What an earlier version may have stored, and what is exported of it. */
const STORED: readonly (readonly [string | Uint8Array, string])[] = [
  ["id=7 key=a%20b h.x=ü", "id=7 key=a%20b h.x=ü"],
  ["h.a=x\ty z=\0\x7f", "h.a=x%09y z=%00%7F"],
  ["z=a\u2028b\u00a0c", "z=a%E2%80%A8b%C2%A0c"],
  ["a=1 ttl=x b=2", "a=1 b=2"],
  ["ttl=1e99", ""],
  ["ttl=060 ttl=0.5", "ttl=060 ttl=0.5"],
  ["at=home a=1 delay=soon", "a=1"],
  ["b=2 delay=5 delays=6 h.at=7", "b=2 delays=6 h.at=7"],
  [Uint8Array.of(0x61, 0x3d, 0xff, 0xc3, 0xbc, 0xc3, 0x62), "a=%FFü%C3b"],
];

Deno.test("what an earlier broker took is exported as one takes it now (V4, V10)", () => {
  for (const [stored, exported] of STORED) {
    const fields = takeableFields(typeof stored === "string" ? encodeText(stored) : stored);
    assertEquals(decodeText(fields), exported);
    const message = { topic: "#a", headers: new Map(), fields, payload: new Uint8Array(0) };
    if (fields.length > 0) assertEquals(wireProblem(recordOf(message), DEFAULT_LIMITS), undefined, exported);
  }
});

Deno.test("what is escaped for an export means what it meant", () => {
  const { headers } = parseFields(decodeText(takeableFields(encodeText("h.a=x\ty")))!);
  assertEquals([...headers], [["a", "x\ty"]]);
});
