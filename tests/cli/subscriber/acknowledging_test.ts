import { assert, assertEquals, assertRejects } from "@std/assert";
import { Acknowledging, closedBehindPrinted } from "../../../lib/cli/subscriber/acknowledging.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";

/** A message that is to be acknowledged, and what became of it. */
function leased(seq: number, said: string[], answer: () => Promise<void> = () => Promise.resolve()): {
  topic: string;
  payload: Uint8Array;
  text: string;
  seq: number;
  ack: () => Promise<void>;
} {
  const payload = new Uint8Array();
  return {
    topic: "#jobs",
    payload,
    text: "",
    seq,
    ack: () => {
      said.push(`ack ${seq}`);
      return answer();
    },
  };
}

/** An output whose writes end when the test says so. */
class Writes {
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  count = 0;

  readonly written = (): Promise<void> => {
    this.count++;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    return waiting.promise;
  };

  async end(error?: Error): Promise<void> {
    const waiting = this.#waiting.shift();
    assert(waiting !== undefined, "something is being written");
    if (error === undefined) waiting.resolve();
    else waiting.reject(error);
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
  }
}

const SILENT = { notice: (): void => {} };

Deno.test("a message is acknowledged when it is written, those that come meanwhile with the next write", async () => {
  const writes = new Writes();
  const said: string[] = [];
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices: SILENT });
  acknowledging.printed(leased(1, said));
  acknowledging.printed(leased(2, said));
  acknowledging.printed({ topic: "#memory", payload: new Uint8Array(), text: "" });
  await writes.end();
  assertEquals(said, ["ack 1"], "one write at a time");
  await writes.end();
  assertEquals(said, ["ack 1", "ack 2"]);
  assertEquals(writes.count, 2);
});

Deno.test("what cannot be written is not acknowledged", async () => {
  const writes = new Writes();
  const said: string[] = [];
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices: SILENT });
  acknowledging.printed(leased(1, said));
  await writes.end(new Error("the reader is gone"));
  await acknowledging.written();
  acknowledging.finish();
  assertEquals(said, []);
});

Deno.test("who ends after so many acknowledges the last of them at the end, right before it leaves", async () => {
  const writes = new Writes();
  const said: string[] = [];
  const acknowledging = new Acknowledging({ written: writes.written, early: 1, notices: SILENT });
  for (const seq of [1, 2, 3]) acknowledging.printed(leased(seq, said));
  await writes.end();
  await writes.end();
  assertEquals(said, ["ack 1"]);
  const client = closedBehindPrinted(acknowledging, {
    closed: new Promise(() => {}),
    close: () => {
      said.push("close");
      return Promise.resolve();
    },
  });
  await client.close();
  assertEquals(said, ["ack 1", "ack 2", "ack 3", "close"]);
});

Deno.test("at the end what is being written is waited for, and then acknowledged before the connection closes", async () => {
  const writes = new Writes();
  const said: string[] = [];
  const acknowledging = new Acknowledging({ written: writes.written, early: 1, notices: SILENT });
  for (const seq of [1, 2]) acknowledging.printed(leased(seq, said));
  const closing = closedBehindPrinted(acknowledging, {
    closed: new Promise(() => {}),
    close: () => Promise.resolve(void said.push("close")),
  }).close();
  await writes.end();
  assertEquals(said, ["ack 1"]);
  await writes.end();
  await closing;
  assertEquals(said, ["ack 1", "ack 2", "close"]);
});

Deno.test("what the broker would not have is told in one line, however much it is", async () => {
  const writes = new Writes();
  const told: string[] = [];
  const acknowledging = new Acknowledging({
    written: writes.written,
    early: undefined,
    notices: { notice: (text) => void told.push(text) },
  });
  const lost = (): Promise<void> => Promise.reject(new RunError("the connection has ended", "LEASE_LOST"));
  for (const seq of [1, 2, 3]) acknowledging.printed(leased(seq, [], lost));
  await writes.end();
  await writes.end();
  await acknowledging.answered();
  assertEquals(told, [
    "3 messages printed and not acknowledged, so printed again, here or by another: the connection has ended",
  ]);
});

Deno.test("what is printed behind a write that is over, or that failed, is written anew", async () => {
  const writes = new Writes();
  const said: string[] = [];
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices: SILENT });
  acknowledging.printed(leased(1, said));
  await writes.end();
  acknowledging.printed(leased(2, said));
  await writes.end(new Error("the reader is gone"));
  acknowledging.printed(leased(3, said));
  await writes.end();
  assertEquals([said, writes.count], [["ack 1", "ack 3"], 3]);
});

Deno.test("all answers are waited for, and where none was refused nothing is told", async () => {
  const writes = new Writes();
  const told: string[] = [];
  const notices = { notice: (text: string) => void told.push(text) };
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices });
  const answer = Promise.withResolvers<void>();
  acknowledging.printed(leased(1, [], () => answer.promise));
  await writes.end();
  let over = false;
  const answered = acknowledging.answered().then(() => over = true);
  await settled();
  assertEquals(over, false);
  answer.resolve();
  await within("the answer", answered);
  assertEquals(told, []);
});

Deno.test("what is refused is told soon, once, and what is refused later anew", async () => {
  const writes = new Writes();
  const told: string[] = [];
  const notices = { notice: (text: string) => void told.push(text.slice(0, 9)) };
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices });
  const lost = (): Promise<void> => Promise.reject(new RefusedError("NOT_HELD", "not held"));
  for (let times = 1; times <= 2; times++) {
    acknowledging.printed(leased(1, [], lost));
    acknowledging.printed(leased(2, [], lost));
    await writes.end();
    await writes.end();
    assertEquals(told.length, times - 1);
    await settled();
    assertEquals(told, Array(times).fill("2 message"));
    await acknowledging.answered();
    await settled();
    assertEquals(told.length, times);
  }
});

Deno.test("what goes wrong with an answer and is no refusal is thrown to who waits for it", async () => {
  const writes = new Writes();
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices: SILENT });
  const answer = Promise.withResolvers<void>();
  acknowledging.printed(leased(1, [], () => answer.promise));
  await writes.end();
  const answered = acknowledging.answered();
  answer.reject(new TypeError("a bug"));
  await assertRejects(() => within("the error", answered), TypeError, "a bug");
});

Deno.test("at the end what nobody reads is waited for two seconds, or until the connection is lost", async () => {
  for (const lost of [undefined, "ended", "failed"] as const) {
    using time = new FakeTime();
    const log: string[] = [];
    const connection = Promise.withResolvers<void>();
    const closing = Promise.withResolvers<void>();
    const written = (): Promise<void> => new Promise(() => {});
    const acknowledging = new Acknowledging({ written, early: undefined, notices: SILENT });
    acknowledging.printed(leased(1, log));
    const client = closedBehindPrinted(acknowledging, {
      closed: connection.promise,
      close: async (options) => {
        log.push(`close ${options?.timeout}`);
        await closing.promise;
      },
    });
    assertEquals(client.closed, connection.promise);
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    };
    void client.close({ timeout: 7 }).then(() => log.push("closed"));
    await turns();
    time.pass(1999);
    await turns();
    assertEquals(log, []);
    if (lost === "ended") connection.resolve();
    else if (lost === "failed") connection.reject(new RunError("lost", "LOST"));
    else time.pass(1);
    await turns();
    assertEquals([log, time.timers], [["close 7"], []]);
    closing.resolve();
    await turns();
    assertEquals(log, ["close 7", "closed"]);
  }
});

Deno.test("a connection is over when what was acknowledged last has its answer", async () => {
  const answer = Promise.withResolvers<void>();
  const writes = new Writes();
  const acknowledging = new Acknowledging({ written: writes.written, early: undefined, notices: SILENT });
  acknowledging.printed(leased(1, [], () => answer.promise));
  await writes.end();
  let over = false;
  const client = { closed: new Promise<void>(() => {}), close: () => Promise.resolve() };
  const closing = closedBehindPrinted(acknowledging, client).close().then(() => over = true);
  await settled();
  assertEquals(over, false);
  answer.resolve();
  await within("the end", closing);
});
