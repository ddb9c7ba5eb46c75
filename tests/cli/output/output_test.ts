import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { RunError } from "../../../lib/errors.ts";
import { Output, OutputClosed, writeFailure } from "../../../lib/cli/output/output.ts";
import { within } from "../../support/within.ts";
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
  await assertRejects(() => within("that it fails", out.failed), OutputClosed);
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
    const error = await assertRejects(() => within("that it fails", out.failed), RunError);
    assertEquals(error.message, told);
  }
});

Deno.test("a reader of a file that went away has not got what it was to keep", async () => {
  const gone = { write: () => Promise.reject(new Deno.errors.BrokenPipe("Broken pipe (os error 32)")) };
  const out = new Output(gone, 'the recording "a"');
  out.text("x");
  await assertRejects(() => out.flush(), RunError, 'cannot write the recording "a": broken pipe');
});

Deno.test("an output is full from 256 KiB on that wait", async () => {
  const target = new Collected();
  const out = new Output(target);
  out.bytes(new Uint8Array(256 * 1024 - 1));
  assertEquals(out.full, false);
  out.bytes(new Uint8Array(1));
  assertEquals(out.full, true);
  await out.flush();
  assertEquals([out.full, target.bytes.length], [false, 256 * 1024]);
});

Deno.test("what is put may be larger than all there was room for, and stands behind what was put before", async () => {
  for (const size of [16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 32 * 1024, 100_000]) {
    const target = new Collected();
    const out = new Output(target);
    out.text("ab");
    out.bytes(new Uint8Array(size).fill(0x78));
    out.text("ü".repeat(size));
    await out.flush();
    assert(target.text === `ab${"x".repeat(size)}${"ü".repeat(size)}`, `${size} bytes`);
  }
});

/** Counts how often it is flushed. */
class Counted extends Output {
  flushes = 0;

  override flush(): Promise<void> {
    this.flushes++;
    return super.flush();
  }
}

Deno.test("each burst leaves by itself, with one flush and one write", async () => {
  const target = new Collected();
  const out = new Counted(target);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  for (const burst of [1, 2, 3]) {
    for (const text of ["a", "b", "c"]) out.text(text);
    out.bytes(Uint8Array.of(0x64));
    await turn();
    await turn();
    assertEquals([out.flushes, target.writes.length], [burst, burst]);
  }
  assertEquals(target.text, "abcd".repeat(3));
});

Deno.test("a write that takes less than it was given is gone on with", async () => {
  const written: string[] = [];
  const out = new Output({
    write: (bytes) => {
      assert(written.length < 10, "it is written without an end");
      written.push(new TextDecoder().decode(bytes));
      return Promise.resolve(Math.min(2, bytes.length));
    },
  });
  out.text("abcde");
  await out.flush();
  assertEquals(written, ["abcde", "cde", "e"]);
});

Deno.test("what a write that failed was to the program is said of stdout and of a file", () => {
  const broken = new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
  assert(writeFailure(broken) instanceof OutputClosed);
  assertEquals(writeFailure(broken).name, "OutputClosed");
  assertEquals(writeFailure(broken, "the file").message, "cannot write the file: broken pipe");
  const other = writeFailure(new Error("No space"));
  assertEquals([other instanceof RunError, other.message], [true, "cannot write to stdout: no space"]);
});
