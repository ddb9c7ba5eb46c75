/** `--import`, `--export` and `--data-check`, without a store. */
import { assertEquals, assertRejects } from "@std/assert";
import { type CheckResult, runCheck } from "../../../lib/cli/broker/data_check.ts";
import { exportLines, type StoredMessage } from "../../../lib/cli/broker/export.ts";
import { importMessages, type MessageSink } from "../../../lib/cli/broker/import.ts";
import type { LineMessage } from "../../../lib/cli/messages/message_line.ts";
import { OutputClosed } from "../../../lib/cli/output/output.ts";
import { RunError, UsageError } from "../../../lib/errors.ts";
import { LARGEST_LIMITS } from "../../../lib/limits.ts";
import { Collected } from "../output/collected.ts";
import { StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";

const RUNS = { signal: new AbortController().signal, interrupt: () => {}, lastWord: () => {} };

/** What was added, and what of that is stored. */
class Sink implements MessageSink {
  readonly added: string[] = [];
  messages = 0;
  closed = 0;

  add({ topic, payload }: LineMessage): void {
    this.added.push(`${topic} ${typeof payload === "string" ? payload : new TextDecoder().decode(payload)}`);
  }

  commit(): void {
    this.messages = this.added.length;
  }

  close(): void {
    this.closed++;
  }
}

interface Imported {
  readonly sink: Sink;
  readonly opened: number;
  readonly count: number | undefined;
  readonly said: string | undefined;
}

async function imported(
  path: string,
  { stop = RUNS }: { readonly stop?: typeof RUNS } = {},
): Promise<Imported> {
  const sink = new Sink();
  let opened = 0;
  const open = (): MessageSink => {
    opened++;
    return sink;
  };
  const problemOf = ({ topic }: LineMessage): string | undefined =>
    topic === "#no" ? "#no is not durable" : undefined;
  const job = { path, limits: LARGEST_LIMITS, problemOf, open, stop, quiet: true };
  try {
    const count = await importMessages(job);
    return { sink, opened, count, said: undefined };
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof RunError)) throw error;
    return { sink, opened, count: undefined, said: `${error.name}: ${error.message}` };
  }
}

const LINE = '{"topic":"#a","payload":"x"}\n';

Deno.test("a file is imported as a whole, or not at all", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, `${LINE}\n  \n${LINE}`);
    const { sink, count } = await imported(path);
    assertEquals([count, sink.added, sink.closed], [2, ["#a x", "#a x"], 1]);
    for (
      const [bad, why] of [["{", undefined], ['{"topic":"#no","payload":"x"}', "#no is not durable"]] as const
    ) {
      await Deno.writeTextFile(path, `${LINE}\n${bad}\n${LINE}`);
      const { opened, said } = await imported(path);
      assertEquals([opened, said?.startsWith(`UsageError: ${path}:3: `)], [0, true], said);
      if (why !== undefined) assertEquals(said, `UsageError: ${path}:3: ${why}`);
    }
    await Deno.writeFile(path, Uint8Array.of(0xff, 0x0a));
    assertEquals((await imported(path)).said, `UsageError: ${path}:1: not UTF-8`);
  } finally {
    await Deno.remove(path);
  }
  assertEquals(
    (await imported("/none/x")).said,
    'UsageError: cannot read the file to import "/none/x": no such file or directory',
  );
});

Deno.test("of a pipe what stands before the bad line is stored, and that is said", async () => {
  const piped = async (lines: number): Promise<string | undefined> =>
    await withStdin([LINE.repeat(lines), "none\n", LINE], async () => {
      const { sink, said } = await imported("-");
      assertEquals([sink.messages, sink.closed], [lines, 1]);
      return said?.replace(/: [^:;]*;/, ":;");
    });
  assertEquals((await piped(0))?.split("; ").at(-1), "nothing was stored");
  assertEquals((await piped(1))?.split("; ").at(-1), "the first message is stored");
  const two = await piped(2);
  assertEquals([two?.startsWith("UsageError: stdin:3"), two?.split("; ").at(-1)], [
    true,
    "the first 2 messages are stored",
  ]);
});

Deno.test("an import that is stopped says where, and what of it is stored", async () => {
  const stopping = new AbortController();
  await withStdin([LINE, LINE], async () => {
    const coming = imported("-", { stop: { ...RUNS, signal: stopping.signal } });
    stopping.abort();
    const { said, count } = await coming;
    assertEquals(count, undefined);
    assertEquals(/^RunError: stopped at line \d of stdin; /.test(said ?? ""), true, said);
  });
});

function stored(at: number): StoredMessage {
  return {
    topic: "#a",
    payload: new TextEncoder().encode("x".repeat(1000)),
    time: at,
    seq: at,
  } as StoredMessage;
}

Deno.test("each stored message is a line, with when it was stored", async () => {
  const target = new Collected();
  assertEquals(
    await exportLines({ messages: [stored(1), stored(2000)], target, stop: RUNS, quiet: true }),
    2,
  );
  const lines = target.text.trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  assertEquals(lines.map(({ seq }) => seq), [1, 2000]);
  assertEquals(lines.map(({ time }) => Date.parse(`${time}`)), [1, 2000]);
});

Deno.test("an export that is stopped, or that nobody reads, ends; what lies before damage is given", async () => {
  const many = Array.from({ length: 1000 }, (_, at) => stored(at));
  const stopping = new AbortController();
  stopping.abort();
  const stopped = { ...RUNS, signal: stopping.signal };
  const target = new Collected();
  const error = await assertRejects(
    () => exportLines({ messages: many, target, stop: stopped, quiet: true }),
    RunError,
  );
  const written = target.text.split("\n").length - 1;
  assertEquals(error.message, `stopped after ${written} messages, this is not all that is stored`);
  assertEquals(await exportLines({ messages: many, target, stop: RUNS, quiet: true }), 1000);
  const gone = { write: () => Promise.reject(new Deno.errors.BrokenPipe()) };
  await assertRejects(
    () => exportLines({ messages: many, target: gone, stop: RUNS, quiet: true }),
    OutputClosed,
  );
  const damaged = function* (): Generator<StoredMessage> {
    yield stored(1);
    throw new RunError("damaged");
  };
  const before = new Collected();
  await assertRejects(
    () => exportLines({ messages: damaged(), target: before, stop: RUNS, quiet: true }),
    RunError,
    "damaged",
  );
  assertEquals(before.text.split("\n").length, 2);
});

Deno.test("a check tells what is wrong as it finds it, and what there is in one line", () => {
  const of = (result: Partial<CheckResult>, problem?: string): readonly unknown[] => {
    using stdout = new StandInStream("stdout");
    using stderr = new StandInStream("stderr");
    const whole = { topics: 1, messages: 2, bytes: 1023, delayed: 0, problems: 0 };
    const code = runCheck(({ progress, problem: tell }) => {
      progress(1, 2);
      if (problem !== undefined) tell(problem);
      return { ...whole, ...result };
    }, { dir: "/d", quiet: true });
    return [code, stdout.text, stderr.text];
  };
  assertEquals(of({}), [0, "/d: 2 messages of 1 topic, 1023 bytes, all whole\n", ""]);
  assertEquals(of({ bytes: 1024, delayed: 1 }), [
    0,
    "/d: 2 messages of 1 topic, 1.0 KiB, 1 message not due yet, all whole\n",
    "",
  ]);
  assertEquals(of({ bytes: 1536 * 1024 ** 3, problems: 1 }, "it is damaged"), [
    1,
    "/d: 2 messages of 1 topic, 1.5 TiB, 1 problem\n",
    "broker: it is damaged\n",
  ]);
  assertEquals(
    of({ bytes: 2048 * 1024 ** 4, problems: 2 })[1],
    "/d: 2 messages of 1 topic, 2048.0 TiB, 2 problems\n",
  );
});
