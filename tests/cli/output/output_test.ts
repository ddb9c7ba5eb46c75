import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { RunError } from "../../../lib/errors.ts";
import { Output, OutputClosed } from "../../../lib/cli/output/output.ts";
import { Collected } from "./collected.ts";

/** A target whose writes end when the test says so. */
class Slow extends Collected {
  #release = Promise.withResolvers<void>();

  override async write(bytes: Uint8Array): Promise<number> {
    await this.#release.promise;
    return await super.write(bytes);
  }

  release(): void {
    this.#release.resolve();
  }
}

Deno.test("what is put leaves by itself when the burst is over, in one write", async () => {
  const { promise: came, resolve } = Promise.withResolvers<void>();
  const target = new Collected();
  const out = new Output({
    write: (bytes) => {
      resolve();
      return target.write(bytes);
    },
  });
  for (const text of ["a", "b"]) out.text(text);
  await Promise.resolve();
  out.text("c");
  assertEquals(target.writes.length, 0);
  await came;
  await out.flush();
  assertEquals([target.text, target.writes.length], ["abc", 1]);
});

Deno.test("bytes leave in their order, also while a write is on its way and when writes are short", async () => {
  const slow = new Slow();
  const out = new Output({ write: (bytes) => slow.write(bytes.subarray(0, Math.max(1, bytes.length >> 1))) });
  let expected = "";
  for (let at = 0; at < 500; at++) {
    const line = `${at} ${"ü".repeat(at % 50)}\n`;
    expected += line;
    if (at % 2 === 0) out.text(line);
    else out.bytes(new TextEncoder().encode(line));
    if (at % 100 === 50) await new Promise<void>((resolve) => setImmediate(resolve));
    if (at === 300) slow.release();
  }
  await out.flush();
  assertEquals(slow.text, expected);
});

Deno.test("an output nobody takes from says that it is full", async () => {
  const slow = new Slow();
  const out = new Output(slow);
  while (!out.full) out.bytes(new Uint8Array(10_000));
  const flushed = out.flush();
  slow.release();
  await flushed;
  assertEquals(out.full, false);
  assert(slow.bytes.length >= 256 * 1024);
});

Deno.test("a reader that went away is OutputClosed, for who flushes and for who waits", async () => {
  const out = new Output({ write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) });
  out.text("x");
  await assertRejects(() => out.flush(), OutputClosed);
  await assertRejects(() => out.failed, OutputClosed);
  out.text("y");
  await assertRejects(() => out.flush(), OutputClosed);
});

Deno.test("another failure is told with what was being written, without the system's number", async () => {
  const full = new Error("No space left on device (os error 28)");
  const target = { write: () => Promise.reject(full) };
  for (
    const [out, told] of [
      [new Output(target), "cannot write to stdout: no space left on device"],
      [new Output(target, 'the recording "a"'), 'cannot write the recording "a": no space left on device'],
    ] as const
  ) {
    out.text("x");
    assertEquals((await assertRejects(() => out.failed, RunError)).message, told);
  }
});

Deno.test("a reader of a file that went away has not got what it was to keep", async () => {
  const gone = { write: () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe (os error 32)")) };
  const out = new Output(gone, 'the recording "a"');
  out.text("x");
  await assertRejects(() => out.flush(), RunError, 'cannot write the recording "a": broken pipe');
});
