/** What jobs with stored messages show while they run, how much they take at once, and how they end. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type CheckReport, type CheckResult, runCheck } from "../../../lib/cli/broker/data_check.ts";
import { exportLines, type StoredMessage } from "../../../lib/cli/broker/export.ts";
import { importMessages, type MessageSink } from "../../../lib/cli/broker/import.ts";
import type { LineMessage } from "../../../lib/cli/messages/message_line.ts";
import type { OutputTarget } from "../../../lib/cli/output/output.ts";
import { RunError, UsageError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { Collected } from "../output/collected.ts";
import { standIn, standInEnvironment, StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";

const CLEAR = "\r\x1b[K";
const RUNS = { signal: new AbortController().signal, interrupt: () => {}, lastWord: () => {} };
const LIMITS = { topic: 255, payload: 1024 };
const LINE = '{"topic":"#a","payload":"x"}\n';
const FOUND: CheckResult = { topics: 1, messages: 2, bytes: 3, delayed: 0, problems: 0 };

/** Where these are terminals; what was written to stderr. */
interface Seen {
  readonly stderr: boolean;
  readonly stdout?: boolean;
  readonly quiet?: boolean;
}

/** What a job writes to stderr, whose time is the test's. */
async function seen(
  { stderr: onStderr, stdout: onStdout = false }: Seen,
  job: (time: FakeTime) => Promise<void>,
): Promise<string> {
  using time = new FakeTime();
  using _environment = standInEnvironment({});
  using stderr = new StandInStream("stderr", { terminal: onStderr });
  using _stdout = new StandInStream("stdout", { terminal: onStdout });
  using _size = standIn(Deno, "consoleSize", () => ({ columns: 100, rows: 24 }));
  await job(time);
  // what is over draws no more
  time.pass(5000);
  return stderr.text;
}

/** All there are of where a job may run. */
const PLACES: readonly Required<Seen>[] = [true, false].flatMap((stderr) =>
  [true, false].flatMap((stdout) => [true, false].map((quiet) => ({ stderr, stdout, quiet })))
);

Deno.test("how far a check is, is shown on a terminal, makes room for what is wrong, and goes away", async () => {
  for (const place of PLACES) {
    const text = await seen(place, (time) => {
      const check = ({ progress, problem }: CheckReport): CheckResult => {
        time.pass(2000);
        progress(50, 100);
        problem("it is damaged");
        time.pass(1000);
        progress(100, 100);
        return FOUND;
      };
      runCheck(check, { dir: "/d", quiet: place.quiet });
      return Promise.resolve();
    });
    const shown = place.stderr && !place.quiet;
    const told = place.stderr ? "\x1b[31mbroker: it is damaged\x1b[0m\n" : "broker: it is damaged\n";
    const [half, whole] = ["50% 50 of 100 bytes verified, 25/s", "100% 100 of 100 bytes verified, 33/s"];
    const bars = [`[${"#".repeat(12)}${".".repeat(12)}] ${half}`, `[${"#".repeat(24)}] ${whole}`];
    const drawn = `${CLEAR}${bars[0]}${CLEAR}${told}${CLEAR}${bars[1]}${CLEAR}`;
    assertEquals(text, shown ? drawn : told, JSON.stringify(place));
  }
});

Deno.test("a check that fails takes its progress away", async () => {
  const text = await seen({ stderr: true }, (time) => {
    const check = ({ progress }: CheckReport): CheckResult => {
      time.pass(1000);
      progress(1, 1);
      throw new RunError("no store");
    };
    assertThrows(() => runCheck(check, { dir: "/d", quiet: false }), RunError);
    return Promise.resolve();
  });
  assert(text.endsWith(`/s${CLEAR}`), text);
});

function stored(at: number, bytes = 10): StoredMessage {
  return { topic: "#a", payload: new TextEncoder().encode("x".repeat(bytes)), time: at, seq: at };
}

Deno.test("how far an export is, is shown where a person looks and the lines go elsewhere", async () => {
  for (const place of PLACES) {
    const text = await seen(place, async (time) => {
      const messages = function* (): Generator<StoredMessage> {
        yield stored(1);
        yield stored(2);
        time.pass(1000);
      };
      const target = new Collected();
      await exportLines({ messages: messages(), target, stop: RUNS, quiet: place.quiet });
    });
    const shown = place.stderr && !place.stdout && !place.quiet;
    assertEquals(text, shown ? `${CLEAR}2 exported, 2/s${CLEAR}` : "", JSON.stringify(place));
  }
});

/** Takes nothing until the test says so. */
class Held extends Collected implements OutputTarget {
  readonly #open = Promise.withResolvers<void>();

  override async write(bytes: Uint8Array): Promise<number> {
    await this.#open.promise;
    return await super.write(bytes);
  }

  open(): void {
    this.#open.resolve();
  }
}

/** Until nothing that is ready has more to do. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("an export takes no more from the store than who reads it takes, writes much at once, and ends with all", async () => {
  let taken = 0;
  const messages = function* (): Generator<StoredMessage> {
    for (; taken < 1000; taken++) yield stored(taken, 1000);
  };
  const target = new Held();
  let over = false;
  const exporting = exportLines({ messages: messages(), target, stop: RUNS, quiet: true });
  void exporting.then(() => over = true);
  await settled();
  assert(taken > 200 && taken < 300, `${taken} were read`);
  target.open();
  assertEquals(await within("the end of the export", exporting), 1000);
  assert(over);
  assertEquals(target.text.split("\n").length, 1001);
  assert(target.writes.length < 10, `${target.writes.length} writes`);
});

Deno.test("an export is over when its last line is written", async () => {
  const target = new Held();
  let over = false;
  const exporting = exportLines({ messages: [stored(1)], target, stop: RUNS, quiet: true });
  void exporting.then(() => over = true);
  await settled();
  assertEquals(over, false);
  target.open();
  await within("the end of the export", exporting);
  assertEquals(target.text.split("\n").length, 2);
});

/** A store that keeps what is added; `add` may fail. */
class Sink implements MessageSink {
  messages = 0;
  closed = 0;
  #added = 0;
  readonly #adding: (count: number) => void;

  constructor(adding: (count: number) => void = () => {}) {
    this.#adding = adding;
  }

  add(_: LineMessage): void {
    this.#adding(++this.#added);
  }

  commit(): void {
    this.messages = this.#added;
  }

  close(): void {
    this.closed++;
  }
}

function importing(sink: Sink, { quiet = true, stop = RUNS, limits = LIMITS } = {}): Promise<number> {
  return importMessages({ path: "-", limits, problemOf: () => undefined, open: () => sink, stop, quiet });
}

Deno.test("how far an import is, is shown on a terminal", async () => {
  for (const place of PLACES) {
    const text = await seen(place, (time) =>
      withStdin([LINE, LINE], async () => {
        const sink = new Sink((count) => {
          sink.commit();
          if (count === 2) time.pass(1000);
        });
        await importing(sink, { quiet: place.quiet });
      }));
    const shown = place.stderr && !place.quiet;
    assertEquals(text, shown ? `${CLEAR}2 imported, 2/s${CLEAR}` : "", JSON.stringify(place));
  }
});

Deno.test("an import that is stopped reads no more, however much is ready", async () => {
  const stopping = new AbortController();
  stopping.abort();
  const sink = new Sink();
  const stop = { ...RUNS, signal: stopping.signal };
  const pieces = Array<string>(5).fill(LINE);
  const error = await withStdin(pieces, () => assertRejects(() => importing(sink, { stop }), RunError));
  assertEquals(error.message, "stopped at line 1 of stdin; the first message is stored");
});

Deno.test("what stands before a bad line is stored, also where it came with that in one read", async () => {
  const sink = new Sink();
  const error = await withStdin(
    [`${LINE}${LINE}none\n${LINE}`],
    () => assertRejects(() => importing(sink), UsageError),
  );
  assertEquals([sink.messages, sink.closed], [2, 1]);
  assertEquals(error.message, 'stdin:3: not JSON: "none"; the first 2 messages are stored');
});

Deno.test("a failure of the store is told as it is, and the store is closed", async () => {
  class Full extends Error {}
  const sink = new Sink(() => {
    throw new Full("no room");
  });
  const error = await withStdin([LINE], () => assertRejects(() => importing(sink), Full));
  assertEquals([error.message, sink.closed, sink.messages], ["no room", 1, 0]);
});

Deno.test("a line to import may have a MiB beside the longest payload, each character of that as six", async () => {
  const most = 6 * 1024 + 1024 * 1024;
  const piece = new Uint8Array(8192).fill(0x20);
  const of = (bytes: number): readonly Uint8Array[] => {
    const whole = Math.floor(bytes / piece.length);
    return [...Array<Uint8Array>(whole).fill(piece), piece.subarray(0, bytes % piece.length)];
  };
  const taken = (bytes: number): Promise<number> => withStdin(of(bytes), () => importing(new Sink()));
  assertEquals(await taken(most), 0, "blank, so it says nothing");
  const error = await assertRejects(() => taken(most + 1), RunError);
  assertEquals(
    error.message,
    `a line on stdin has more than ${most} bytes: is it text?; nothing was stored`,
  );
});
