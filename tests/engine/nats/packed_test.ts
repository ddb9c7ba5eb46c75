import { assertEquals } from "@std/assert";
import { encodeStamp, readStamp, STAMP_MOST, stampOf, stampText } from "../../../lib/engine/nats/packed.ts";

Deno.test("a stamp is read as it was written, as a line and in a header", () => {
  for (const number of [0, 1, 17, 999_999_999_999_999]) {
    const stamp = { sender: "k3f9.0", number };
    const line = encodeStamp(stamp);
    assertEquals(readStamp(Uint8Array.of(...line, 1, 2)), { ...stamp, end: line.length });
    assertEquals(stampOf(stampText(stamp)), stamp);
  }
});

Deno.test("what is no stamp is not read as one", () => {
  const sender = "s".repeat(STAMP_MOST - 3);
  for (
    const text of ["", "me 1", "me\n", "me \n", " 1\n", "me x\n", "me -1\n", "me 1 2\n", `s${sender} 1\n`]
  ) {
    assertEquals(readStamp(new TextEncoder().encode(text)), undefined, text);
  }
  assertEquals(readStamp(new TextEncoder().encode(`${sender} 1\n`)), { sender, number: 1, end: STAMP_MOST });
  for (const text of ["", "me", "me ", " 1", "me x", "me -1", "me 1 2", `ss${sender} 1`]) {
    assertEquals(stampOf(text), undefined, text);
  }
  assertEquals(stampOf(`s${sender} 1`), { sender: `s${sender}`, number: 1 });
});
