/** The publisher at the keyboard: what is typed is published one by one, listed, and told. */
import { assertEquals } from "@std/assert";
import { RefusedError } from "../../../lib/errors.ts";
import { until } from "../../support/until.ts";
import { within } from "../../support/within.ts";
import { standInEnvironment, StandInStream } from "../stand_in.ts";
import { StandInTerminal } from "../stand_in_terminal.ts";
import { withStdin } from "../with_stdin.ts";
import type { Rows } from "../prompt/rows.ts";
import { FakePublisher } from "./fake_publisher.ts";
import { type Bench, bench } from "./publisher_bench.ts";

/** A publisher at a terminal, with each of these typed; `seen`: what is to be so before something else is done. */
async function typed(
  words: readonly string[],
  keys: readonly string[],
  { publisher = new FakePublisher(), seen = () => true, then = () => {} }: {
    readonly publisher?: FakePublisher;
    readonly seen?: (bench: Bench, rows: Rows) => boolean;
    readonly then?: (bench: Bench) => void;
  } = {},
): Promise<{ readonly bench: Bench; readonly screen: readonly string[]; readonly code: number }> {
  using _nothing = standInEnvironment({});
  using terminal = new StandInTerminal(80, 40);
  const at = await bench(words, { publisher });
  const work = at.run.work(at.stop);
  for (const each of keys) terminal.type(each);
  await until("what is on the screen", () => seen(at, terminal.rows));
  then(at);
  const code = await within("the end of the run", work);
  return { bench: at, screen: terminal.rows.shown, code };
}

async function withFile(text: string, test: (file: string) => Promise<void>): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".cmd" });
  try {
    await Deno.writeTextFile(file, text);
    await test(file);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("what is typed is published, listed with what was acknowledged, and completed by Tab", async () => {
  const { bench, screen, code } = await typed(["-i", "p1"], [
    "list\r",
    "pub #alpha one\r",
    'json {"topic":"#b","payload":"two","key":"k"}\r',
    "pub #alpha no\r",
    "pub #alp\tthree\r",
    "list\r",
    "quit\r",
  ]);
  assertEquals(code, 0, "what was refused was told to who typed it");
  assertEquals(bench.publisher.lines, ["#alpha one", "#b two", "#alpha no", "#alpha three"]);
  assertEquals(bench.publisher.given[1]?.options, { key: "k" });
  assertEquals(screen, [
    "p1> list",
    "nothing was published yet: pub #topic message",
    "p1> pub #alpha one",
    'p1> json {"topic":"#b","payload":"two","key":"k"}',
    "p1> pub #alpha no",
    "publisher: not for you",
    "p1> pub #alpha three",
    "p1> list",
    "#alpha  2 messages acknowledged",
    "#b      1 message acknowledged",
    "p1> quit",
  ]);
  assertEquals(bench.run.codeWhenStopped(), 0);
});

Deno.test("a file's messages are in the list, too, and progress ends when the prompt comes", async () => {
  await withFile("pub #a one\npub #a two\n", async (file) => {
    const { bench, screen } = await typed(["-i", "p1", "-f", file], ["list\r", "quit\r"]);
    assertEquals([bench.progress.ended > 0, screen[1]], [true, "#a  2 messages acknowledged"]);
    assertEquals(bench.publisher.asked, 2, "each is waited for, for the list");
    assertEquals(bench.progress.watched[0]?.(), 2);
  });
});

Deno.test("who was stopped with a command on its way did not do all, and with none of them did", async () => {
  const publisher = new FakePublisher();
  const answer = Promise.withResolvers<never>();
  publisher.answer = () => answer.promise;
  const codes: number[] = [];
  await typed(["-i", "p1"], ["pub #a one\r"], {
    publisher,
    seen: () => publisher.asked === 1,
    then: ({ run, abort }) => {
      codes.push(run.codeWhenStopped());
      abort();
      answer.reject(new RefusedError("DENIED", "no"));
    },
  });
  await typed(["-i", "p1"], ["pub #a one\r"], {
    seen: (_, { shown }) => shown.join() === "p1> pub #a one,p1>",
    then: ({ run, abort }) => {
      codes.push(run.codeWhenStopped());
      abort();
    },
  });
  await typed(["-i", "p1"], ["half a comm"], {
    seen: (_, { shown }) => shown.join() === "p1> half a comm",
    then: ({ run, abort }) => {
      codes.push(run.codeWhenStopped());
      abort();
    },
  });
  assertEquals(codes, [1, 0, 0]);
});

Deno.test("where a command waits for its time, what is told of a stop is that it was not published", async () => {
  for (
    const [command, said] of [
      ["900 pub #a one", "publisher: stopped before the last command was published\n"],
      ["900 quit", ""],
    ] as const
  ) {
    const { bench } = await typed(["-i", "p1"], [`${command}\r`], {
      seen: (_, { shown, cursor }) => shown.length === 1 && cursor[0] === 1,
      then: ({ abort }) => abort(),
    });
    using stderr = new StandInStream("stderr");
    await bench.run.end(bench.stop, { failed: false });
    assertEquals(stderr.text, said);
  }
});

Deno.test("how far it came in a pipe does not count what was done of the file, whatever became of that", async () => {
  await withFile("pub #a one\npub #a no\npub #a two\n", async (file) => {
    await withStdin(["pub #b three\n"], async () => {
      const { run, publisher, told, stop, abort } = await bench(["-f", file, "--keep-going"]);
      void run.work(stop);
      await until("what is on stdin", () => publisher.lines.length === 4);
      abort();
      await run.end(stop, { failed: false });
      assertEquals(told.at(-1), "stopped after 1 command, stdin was not at its end");
    }, { open: true });
  });
});
