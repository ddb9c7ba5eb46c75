import { assertEquals, assertThrows } from "@std/assert";
import { bytesOf } from "../../../lib/client/publishing/payload.ts";

Deno.test("bytes are those of a buffer or of a view of one, and are not copied", () => {
  const buffer = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7).buffer;
  const shared = new SharedArrayBuffer(2);
  for (
    const [given, bytes] of [
      [buffer, [0, 1, 2, 3, 4, 5, 6, 7]],
      [shared, [0, 0]],
      [new Uint8Array(buffer, 2, 3), [2, 3, 4]],
      [new Uint16Array(buffer, 2, 2), [2, 3, 4, 5]],
      [new DataView(buffer, 6), [6, 7]],
      [new Uint8Array(shared, 1), [0]],
      [new ArrayBuffer(0), []],
    ] as const
  ) {
    const { buffer: under } = bytesOf(given);
    assertEquals([...bytesOf(given)], [...bytes]);
    assertEquals(under === (ArrayBuffer.isView(given) ? given.buffer : given), true);
  }
});

Deno.test("what has no bytes is a mistake in the program, and a view of a buffer that was handed on, too", () => {
  const one = "a payload is text or bytes (a string, an ArrayBuffer or a view of one)";
  assertEquals(
    assertThrows(() => bytesOf({}), TypeError).message,
    `${one}, an object is not: JSON.stringify(…) makes text of it`,
  );
  assertEquals(assertThrows(() => bytesOf(undefined), TypeError).message, `${one}, undefined is not`);
  const bytes = new Uint8Array(8);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  assertThrows(() => bytesOf(bytes), TypeError, "its bytes are gone");
});
