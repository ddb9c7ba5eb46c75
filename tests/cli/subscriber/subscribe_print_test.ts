/** How what comes is printed: at its pace, as fast as it is read, and acknowledged behind that. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { message } from "../output/collected.ts";
import { standIn, StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";
import { type Bench, bench, ran } from "./subscriber_bench.ts";

/** A message of a durable topic that came as it was stored then. */
function stored(text: string, ms: number): Arrived {
  return { ...message("#a", text), time: new Date(ms) };
}

/** One that is to be acknowledged, and what became of it. */
function leased(seq: number, log: string[]): Arrived {
  const ack = (): Promise<void> => Promise.resolve(void log.push(`ack ${seq}`));
  return Object.assign(message("#a", `${seq}`), { seq, group: "g", ack, nack: ack, extend: ack });
}

/** A run of these words, with nothing on stdin. */
async function running(words: readonly string[], test: (bench: Bench) => Promise<void>): Promise<void> {
  await withStdin([], async () => {
    const at = await bench(words);
    const work = at.run.work(at.stop);
    work.catch(() => {});
    try {
      await test(at);
    } finally {
      at.subscriber.end();
      await at.run.drain(at.stop);
    }
  });
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await Promise.resolve();
}

Deno.test("with --speed stored messages are printed with their pauses, and what is live at once", async () => {
  using _stdout = new StandInStream("stdout");
  for (const [speed, after] of [["1", 1000], ["4", 250]] as const) {
    using time = new FakeTime();
    await running(["-t", "#a", "--from", "1", "--speed", speed], async ({ subscriber, replays, run }) => {
      subscriber.come(
        stored("a", 50_000),
        stored("b", 51_000),
        message("#a", "no time"),
        stored("c", 52_000),
      );
      await turns();
      assertEquals(subscriber.taken, 2);
      time.pass(after - 1);
      await turns();
      assertEquals(subscriber.taken, 2);
      time.pass(1);
      await turns();
      assertEquals(subscriber.taken, 4, "what has no time waits for none");
      replays.onEvent({ type: "live", pattern: "#a" });
      time.pass(after);
      subscriber.come(stored("d", 90_000), stored("e", 99_000));
      await turns();
      assertEquals(subscriber.taken, 6);
      assertEquals(run.codeWhenStopped(), 0);
    });
  }
});

Deno.test("with --speed 0, and without it, nothing is waited for", async () => {
  using _stdout = new StandInStream("stdout");
  for (const words of [["--speed", "0"], []]) {
    using _time = new FakeTime();
    await running(["-t", "#a", "--from", "1", ...words], async ({ subscriber }) => {
      subscriber.come(stored("a", 50_000), stored("b", 51_000), stored("c", 59_000));
      await turns();
      assertEquals(subscriber.taken, 3);
    });
  }
});

Deno.test("what waits for its time is not printed any more when it ends, and nobody waits for it", async () => {
  using stdout = new StandInStream("stdout");
  await running(
    ["-t", "#a", "--from", "1", "--speed", "1", "-v"],
    async ({ subscriber, run, stop, abort, told }) => {
      subscriber.come(stored("a", 1000), stored("b", 9_000_000), stored("c", 9_000_000));
      await settled();
      abort();
      subscriber.end();
      await within("the end", run.drain(stop));
      assertEquals([stdout.text, told.at(-1)], ["#a a\n", "1 received"]);
    },
  );
});

Deno.test("while nobody reads stdout, or the recording cannot be written, no more is taken", async () => {
  const large = message("#a", "x".repeat(300 * 1024));
  for (const slow of ["stdout", "recording"]) {
    const taken = Promise.withResolvers<void>();
    const write = async (bytes: Uint8Array): Promise<number> => {
      await taken.promise;
      return bytes.length;
    };
    const at = (which: string): unknown => ({
      write: which === slow ? write : (bytes: Uint8Array) => Promise.resolve(bytes.length),
      isTerminal: () => false,
      close: () => {},
    });
    using _stdout = standIn(Deno, "stdout", at("stdout") as typeof Deno.stdout);
    using _open = standIn(Deno, "open", () => Promise.resolve(at("recording") as Deno.FsFile));
    await running(["-t", "#a", "--record", "x"], async ({ subscriber, run, stop }) => {
      subscriber.come(large, large, large);
      await settled();
      assertEquals(subscriber.taken, 1, slow);
      taken.resolve();
      for (let turn = 0; turn < 20; turn++) await settled();
      assertEquals(subscriber.taken, 3, slow);
      subscriber.end();
      await within("the end", run.drain(stop));
    });
  }
});

Deno.test("a recording has the pauses by the times of the messages, and by when they came without any", async () => {
  const written: string[] = [];
  const write = (bytes: Uint8Array): Promise<number> => {
    written.push(new TextDecoder().decode(bytes));
    return Promise.resolve(bytes.length);
  };
  using _stdout = new StandInStream("stdout");
  using _open = standIn(
    Deno,
    "open",
    () => Promise.resolve({ write, close: () => {} } as unknown as Deno.FsFile),
  );
  let now = 5000;
  using _now = standIn(performance, "now", () => now);
  await withStdin([], async () => {
    const { run, subscriber, stop } = await bench(["-t", "#a", "--record", "x"]);
    const origin = Math.round(performance.timeOrigin);
    void run.work(stop);
    subscriber.come(message("#a", "one"));
    await settled();
    now += 1500;
    subscriber.come(
      message("#a", "two"),
      stored("three", origin + now + 2000),
      stored("four", origin + now + 2250),
    );
    subscriber.end();
    await within("the end", run.drain(stop));
  });
  assertEquals(
    written.join("").replace(/(?<= )(\d\.\d\d?)\d*(?= pub #a three)/, "$1").split("\n").map((line) => {
      const [pause, , , text] = line.split(" ");
      return [Math.round(Number(pause) * 100) / 100, text];
    }),
    [[0, "one"], [1.5, "two"], [2, "three"], [0.25, "four"], [0, undefined]],
  );
});

Deno.test("what cannot be recorded ends the run, and the file is closed behind what was written", async () => {
  let closed = 0;
  const full = {
    write: () => Promise.reject(new Error("No space left on device (os error 28)")),
    close: () => void closed++,
  };
  using _stdout = new StandInStream("stdout");
  using _open = standIn(Deno, "open", () => Promise.resolve(full as unknown as Deno.FsFile));
  for (
    const [path, shown] of [["/r".padEnd(200, "x"), "/r".padEnd(200, "x")], [
      "/r".padEnd(201, "x"),
      undefined,
    ]]
  ) {
    await withStdin([], async () => {
      const { run, subscriber, stop } = await bench(["-t", "#a", "--record", path!]);
      const work = run.work(stop);
      subscriber.come(message("#a", "one"));
      const why = `cannot write the recording "${
        shown ?? `${path!.slice(0, 197)}...`
      }": no space left on device`;
      await assertRejects(() => within("the failure", work), Error, why);
      subscriber.end();
      await assertRejects(() => within("the end", run.drain(stop)), Error, why);
    });
  }
  assertEquals(closed, 2);
});

Deno.test("in a group what is printed is acknowledged, and so is what is left out", async () => {
  using stdout = new StandInStream("stdout");
  const log: string[] = [];
  await running(["-t", "#>", "-G", "g", "--ack", "explicit", "-T", "#b"], async ({ subscriber }) => {
    subscriber.come({ ...leased(1, log), topic: "#b" }, leased(2, log), message("#a", "in memory"));
    for (let turn = 0; turn < 5; turn++) await settled();
    assertEquals([log, stdout.text], [["ack 1", "ack 2"], "#a 2\n#a in memory\n"]);
  });
});

Deno.test("who ends after so many acknowledges the last ones, as many as its window, as it leaves", async () => {
  using _stdout = new StandInStream("stdout");
  for (const [words, early] of [[["--window", "2"], 1], [[], 0], [["--window", "1"], 2]] as const) {
    const log: string[] = [];
    await withStdin([], async () => {
      const { run, subscriber, stop } = await bench([
        ..."-t #a -G g --ack explicit -C 3".split(" "),
        ...words,
      ]);
      const work = run.work(stop);
      subscriber.come(leased(1, log), leased(2, log), leased(3, log));
      assertEquals(await within("the end", work), 0);
      for (let turn = 0; turn < 5; turn++) await settled();
      assertEquals(log, ["ack 1", "ack 2", "ack 3"].slice(0, early), words.join());
      const client = {
        closed: new Promise<void>(() => {}),
        close: () => Promise.resolve(void log.push("close")),
      };
      await within("the goodbye", run.closable(client, stop).close());
      assertEquals(log, ["ack 1", "ack 2", "ack 3", "close"]);
      subscriber.end();
    });
  }
});

Deno.test("with --stats a header that is no time is told with its name, and how many were missed is counted", async () => {
  for (const [words, header] of [[[], "sent"], [["--latency-header", "at"], "at"]] as const) {
    using stdout = new StandInStream("stdout");
    await running(
      ["-t", "#a", "--stats", "--json", ...words],
      async ({ run, subscriber, replays, stop, told }) => {
        replays.onEvent({ type: "gap", pattern: "#a", missed: 5 });
        subscriber.come({ ...message("#a", "x"), headers: new Map([["sent", "soon"], ["at", "later"]]) });
        subscriber.end();
        await within("the end", run.drain(stop));
        const value = header === "sent" ? "soon" : "later";
        assertEquals(told, [`the header "${header}" of a message is no time: "${value}"`]);
        assertEquals(JSON.parse(stdout.text.trim().split("\n").at(-1)!).missed, 5);
      },
    );
  }
});

Deno.test("an end that is reached is no stop before it", async () => {
  for (const words of [["-E"], ["-C", "1"]]) {
    using _stdout = new StandInStream("stdout");
    await withStdin([], async () => {
      const { run, subscriber, stop } = await bench(["-t", "#a", ...words]);
      subscriber.come(message("#a", "x"));
      assertEquals(await within("the end", run.work(stop)), 0);
      assertEquals(run.codeWhenStopped(), 0);
      subscriber.end();
      await run.drain(stop);
    });
  }
  assertEquals((await ran(["-t", "#a", "-E", "-v"], [])).told, ["subscribed to #a", "0 received"]);
});
