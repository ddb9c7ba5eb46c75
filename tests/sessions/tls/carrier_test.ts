import { assertEquals } from "@std/assert";
import { Carrier } from "../../../lib/sessions/tls/carrier.ts";
import type { HandshakeError } from "../../../lib/sessions/tls/types.ts";
import type { Transport } from "../../../lib/sessions/transport.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

/** A record of a handshake begins with it. */
const HANDSHAKE = 0x16;

/** What a carrier goes over: reads end as the test says, writes take so much at a time. */
class Below implements Transport {
  /** How much room each read had. */
  readonly reads: number[] = [];
  readonly written: number[][] = [];
  most = Infinity;
  closes = 0;
  ends = 0;
  /** Why nothing can be written, or ended. */
  unwritable: Error | undefined;
  #reading: PromiseWithResolvers<number | null> | undefined;
  #into = new Uint8Array(0);

  read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    this.reads.push(into.length);
    this.#into = into;
    this.#reading = Promise.withResolvers();
    return this.#reading.promise;
  }

  /** A read ends with so many bytes, the end, or an error. */
  async comes(what: number | null | Error, first = HANDSHAKE): Promise<void> {
    const reading = this.#reading!;
    this.#reading = undefined;
    if (what instanceof Error) reading.reject(what);
    else {
      this.#into[0] = first;
      reading.resolve(what);
    }
    await settled();
  }

  write(from: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    const bytes = [...from.subarray(0, Math.min(from.length, this.most))];
    this.written.push(bytes);
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    this.ends++;
    return Promise.resolve();
  }

  close(): void {
    this.closes++;
  }
}

/** A carrier whose bytes are taken as they come. */
function carried(): { below: Below; carrier: Carrier; taken: number[]; errors: Error[] } {
  const below = new Below();
  const carrier = new Carrier(below);
  const taken: number[] = [];
  const errors: Error[] = [];
  carrier.on("data", (bytes: Uint8Array) => taken.push(bytes.length));
  carrier.on("error", (error) => errors.push(error));
  return { below, carrier, taken, errors };
}

async function closed(carrier: Carrier): Promise<void> {
  const over = new Promise<void>((resolve) => carrier.once("close", resolve));
  if (!carrier.closed) await within("the end of the carrier", over);
}

Deno.test("who says much is read by more and more up to 64 KiB, and who says little by less down to 512 bytes", async () => {
  const { below, taken, carrier } = carried();
  await settled();
  const comes = [512, 2048, 8192, 32_768, 65_536, 65_535, 8192, 8191, 4096, 4095, 2047, 1023, 511, 255];
  for (const count of [...comes, 127, 63, 1, 511, 512]) await below.comes(count);
  assertEquals(below.reads, [
    ...[512, 2048, 8192, 32_768, 65_536, 65_536, 65_536, 65_536, 32_768, 32_768, 16_384, 8192, 4096, 2048],
    ...[1024, 512, 512, 512, 512, 2048],
  ]);
  assertEquals(taken, [...comes, 127, 63, 1, 511, 512]);
  carrier.destroy();
  await closed(carrier);
});

Deno.test("nothing is read while nobody wants it, and one read is under way at a time", async () => {
  const { below, carrier } = carried();
  await settled();
  assertEquals(below.reads.length, 1);
  carrier.want();
  assertEquals(below.reads.length, 1, "it is under way");
  carrier.rest();
  await below.comes(10);
  assertEquals(below.reads.length, 1, "nobody wants more");
  carrier.want();
  assertEquals(below.reads.length, 2);
  carrier.want();
  assertEquals(below.reads.length, 2);
  await below.comes(10);
  assertEquals(below.reads.length, 3, "it is still wanted");
  carrier.destroy();
  await closed(carrier);
});

Deno.test("where nobody takes what came no more is read, whoever wants it", async () => {
  const below = new Below();
  const carrier = new Carrier(below);
  carrier.read(0);
  for (let reads = 0; reads < 5; reads++) await below.comes(below.reads.at(-1)!);
  const { length } = below.reads;
  assertEquals([length, carrier.readableLength], [5, 512 + 2048 + 8192 + 32_768 + 65_536]);
  carrier.want();
  assertEquals(below.reads.length, length);
  carrier.destroy();
  await closed(carrier);
});

Deno.test("what is written goes down in its order, in as many pieces as it takes, and together where it waited", async () => {
  const { below, carrier } = carried();
  below.most = 2;
  const done: string[] = [];
  carrier.write(Uint8Array.of(1, 2, 3), () => done.push("first"));
  carrier.write(Uint8Array.of(4), () => done.push("second"));
  carrier.write(Uint8Array.of(5, 6), () => done.push("third"));
  await settled();
  assertEquals(below.written, [[1, 2], [3], [4, 5], [6]]);
  assertEquals(done, ["first", "second", "third"]);
  carrier.end();
  await settled();
  assertEquals([below.ends, below.closes], [1, 0]);
  carrier.destroy();
  await closed(carrier);
  assertEquals(below.closes, 1);
});

Deno.test("who began a handshake and was told nothing is told that it failed, as TLS says it", async () => {
  const alert = [0x15, 3, 3, 0, 2, 2, 40];
  for (const [begins, says] of [[true, false], [true, true], [false, false]] as const) {
    const { below, carrier } = carried();
    await settled();
    if (begins) await below.comes(10);
    if (says) carrier.write(Uint8Array.of(9));
    await settled();
    carrier.destroy();
    await closed(carrier);
    assertEquals(below.written, says ? [[9]] : begins ? [alert] : []);
    assertEquals(below.closes, 1);
  }
});

Deno.test("what does not begin as TLS does leaves open what is below, so that it can be answered", async () => {
  for (const first of [HANDSHAKE - 1, HANDSHAKE + 1, 0x70]) {
    const { below, carrier, errors } = carried();
    await settled();
    await below.comes(5, first);
    await closed(carrier);
    const failure = carrier.failure as HandshakeError;
    assertEquals([failure.kind, failure.message], ["plain", "what came is not TLS"]);
    assertEquals([below.closes, below.written, errors], [0, [], [failure]]);
  }
  const { below, carrier, taken } = carried();
  await settled();
  await below.comes(5);
  await below.comes(5, 0x70);
  assertEquals([taken, carrier.failure], [[5, 5], undefined], "only the first byte says what it is");
  carrier.destroy();
  await closed(carrier);
});

Deno.test("an end before anything came is told apart from one behind something", async () => {
  const nothing = carried();
  await settled();
  await nothing.below.comes(null);
  const failure = nothing.carrier.failure as HandshakeError;
  assertEquals([failure.kind, failure.message], ["gone", "nothing came"]);
  assertEquals(nothing.carrier.readableEnded, true);
  const something = carried();
  await settled();
  await something.below.comes(5);
  await something.below.comes(null);
  assertEquals([something.carrier.failure, something.carrier.readableEnded], [undefined, true]);
  for (const { carrier } of [nothing, something]) {
    carrier.destroy();
    await closed(carrier);
  }
});

Deno.test("what went wrong first is what it failed with, and closes what is below", async () => {
  const reset = new Deno.errors.ConnectionReset("it is gone");
  const unreadable = carried();
  await settled();
  await unreadable.below.comes(reset);
  await closed(unreadable.carrier);
  assertEquals([unreadable.carrier.failure, unreadable.below.closes], [reset, 1]);
  for (const how of ["write", "end"] as const) {
    const { below, carrier, errors } = carried();
    await settled();
    below.unwritable = reset;
    if (how === "write") carrier.write(Uint8Array.of(1));
    else carrier.end();
    await closed(carrier);
    assertEquals([carrier.failure, errors, below.closes], [reset, [reset], 1], how);
    await below.comes(new Error("and then"));
    assertEquals(carrier.failure, reset, "the first");
  }
});
