import { assert, assertEquals } from "@std/assert";
import { FrameClientDecoder, FrameFound } from "../../../lib/protocols/frames/client_decoder.ts";

const encoder = new TextEncoder();

/** What is found in what has come. */
function found(frames: FrameClientDecoder): FrameFound[] {
  const all: FrameFound[] = [];
  for (let what = frames.next(); what !== FrameFound.Nothing; what = frames.next()) {
    all.push(what);
    if (what === FrameFound.Broken) break;
  }
  return all;
}

Deno.test("what is whole in a read is given where it lies, and only what was cut is put together elsewhere", () => {
  const frames = new FrameClientDecoder();
  const [one, other] = [
    encoder.encode("pub #a 1\nx\npub #a 1\ny\npub #"),
    encoder.encode("a 1\nz\npub #a 1\nw\n"),
  ];
  frames.push(one);
  for (let at = 0; at < 2; at++) assert(frames.next() === FrameFound.Delivery && frames.bytes === one);
  assertEquals(frames.next(), FrameFound.Nothing);
  frames.push(other);
  assertEquals(frames.next(), FrameFound.Delivery);
  assert(frames.bytes !== one && frames.bytes !== other);
  assertEquals(new TextDecoder().decode(frames.bytes), "pub #a 1\nz\n");
  assert(frames.next() === FrameFound.Delivery && frames.bytes === other);
  assertEquals(frames.next(), FrameFound.Nothing);
});

Deno.test("behind what is no frame nothing that comes is looked at or kept", () => {
  for (const broken of ["what\n", "pub #a x\n", `pub ${"x".repeat(2_000_000)}`]) {
    const frames = new FrameClientDecoder();
    frames.push(encoder.encode("pub #a 1\nx\n"));
    assertEquals(found(frames), [FrameFound.Delivery]);
    frames.push(encoder.encode(broken));
    assertEquals(found(frames), [FrameFound.Broken]);
    const { bytes, problem } = frames;
    for (let time = 0; time < 2; time++) {
      frames.push(encoder.encode("ok 1\n"));
      assertEquals(found(frames), [FrameFound.Broken]);
    }
    assert(frames.bytes === bytes && frames.problem === problem);
    assertEquals(frames.unfinished, false);
  }
});

Deno.test("a frame that many reads bring is looked at when it is whole, and not with each of them", () => {
  const frames = new FrameClientDecoder();
  const first = encoder.encode("pub #a 5000\n");
  frames.push(first);
  assertEquals(found(frames), []);
  for (let sent = 0; sent < 5000; sent += 500) {
    frames.push(new Uint8Array(500));
    assert(frames.bytes === first, "nothing is given to be looked at");
    assertEquals(found(frames), []);
  }
  frames.push(encoder.encode("\n"));
  assertEquals([frames.next(), frames.payloadEnd - frames.payloadStart], [FrameFound.Delivery, 5000]);
});
