import { assertEquals } from "@std/assert";
import { EventStream } from "../../lib/http/sse.ts";
import { STREAM_COMMENT_MS } from "../../lib/http/limits.ts";
import { standIn } from "../cli/stand_in.ts";
import { startHttp } from "../support/http.ts";
import { within } from "../support/within.ts";

/** Timers that go off again and again, by hand. */
class Intervals implements Disposable {
  readonly running = new Map<number, { readonly ms: number; readonly callback: () => void }>();
  readonly #stack = new DisposableStack();
  #last = 0;

  constructor() {
    // Node's and Deno's own may be set meanwhile: those of other times are theirs
    const own = globalThis.setInterval;
    const set = ((callback: () => void, ms: number) => {
      if (ms !== STREAM_COMMENT_MS / 2) return own(callback, ms);
      this.running.set(-++this.#last, { ms, callback });
      return -this.#last;
    }) as typeof setInterval;
    const clear = globalThis.clearInterval;
    this.#stack.use(standIn(globalThis, "setInterval", set));
    this.#stack.use(standIn(globalThis, "clearInterval", (timer) => {
      if (!this.running.delete(Number(timer))) clear(timer);
    }));
  }

  /** So much time has passed that each has gone off. */
  tick(): void {
    for (const { callback } of this.running.values()) callback();
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

/** What comes of a stream, read by read. */
class Reading {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor({ readable }: EventStream) {
    this.#reader = readable.getReader();
  }

  /** What one read brings; undefined: the end. */
  async next(): Promise<string | undefined> {
    const { value } = await within("what comes of the stream", this.#reader.read());
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

Deno.test("events are written as the standard has them, those of one turn in one piece, and then the end", async () => {
  using intervals = new Intervals();
  const stream = new EventStream();
  const reading = new Reading(stream);
  stream.retry(1000);
  stream.event("open", { a: "b\nc" });
  stream.event("message", { seq: 1 }, "5 1 #a");
  stream.event("gap", { missed: 3 }, "6");
  assertEquals(
    await reading.next(),
    'retry: 1000\n\nevent: open\ndata: {"a":"b\\nc"}\n\nid: 5 1 #a\ndata: {"seq":1}\n\n' +
      'event: gap\nid: 6\ndata: {"missed":3}\n\n',
  );
  stream.event("message", 1);
  const closing = stream.close();
  assertEquals(await reading.next(), "data: 1\n\n");
  await within("the end", closing);
  assertEquals([await reading.next(), intervals.running.size], [undefined, 0]);
  await within("that nobody reads any more", stream.gone);
});

Deno.test("a comment comes where nothing has for a while, and only then", async () => {
  using intervals = new Intervals();
  const stream = new EventStream();
  const reading = new Reading(stream);
  stream.event("message", 1);
  assertEquals(await reading.next(), "data: 1\n\n");
  intervals.tick();
  intervals.tick();
  assertEquals(await reading.next(), ":\n\n", "at the second look nothing had come since the first");
  await within("that it has been taken", stream.ready());
  intervals.tick();
  assertEquals(await reading.next(), ":\n\n", "nor since the second");
  await within("that it has been taken", stream.ready());
  stream.event("message", 2);
  assertEquals(await reading.next(), "data: 2\n\n");
  await within("that it has been taken", stream.ready());
  intervals.tick();
  stream.event("message", 3);
  assertEquals(await reading.next(), "data: 3\n\n", "there was something");
  await reading.cancel();
  await within("that nobody reads any more", stream.gone);
  assertEquals(intervals.running.size, 0);
});

Deno.test("from 64 KiB that wait on, who makes events is to wait until they have been taken, or nobody reads", async () => {
  using _intervals = new Intervals();
  const stream = new EventStream();
  const reading = new Reading(stream);
  const empty = 'data: ""\n\n'.length;
  stream.event("message", "x".repeat(64 * 1024 - empty - 1));
  assertEquals(stream.full, false);
  stream.event("message", "");
  assertEquals(stream.full, true);
  const exact = new EventStream();
  exact.event("message", "x".repeat(64 * 1024 - empty));
  assertEquals(exact.full, true);
  void exact.readable.cancel();
  const ready = stream.ready();
  assertEquals((await reading.next())?.length, 64 * 1024 - 1 + empty);
  await within("room", ready);
  assertEquals(stream.full, false);
  stream.event("message", "x".repeat(64 * 1024));
  stream.event("message", "never read");
  await reading.cancel();
  await within("room, for nobody reads", stream.ready());
  assertEquals(stream.full, false);
  await within("the end of one that nobody reads", stream.close());
});

Deno.test("a stream that is refused leaves nothing behind", async () => {
  using intervals = new Intervals();
  await using http = await startHttp({ store: undefined });
  const { code } = await http.json("/api/topics/m/stream?from=earliest", {}, 400);
  assertEquals([code, intervals.running.size], ["NOT_DURABLE", 0]);
});
