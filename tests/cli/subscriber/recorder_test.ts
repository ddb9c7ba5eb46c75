import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { parseCommandFile } from "../../../lib/cli/commands/command_file.ts";
import type { Arrived } from "../../../lib/cli/output/message.ts";
import { Recorder } from "../../../lib/cli/subscriber/recorder.ts";
import { type Collected, message, written } from "../output/collected.ts";

interface Recording {
  readonly output: Collected;
  readonly recorder: Recorder;
  readonly told: number;
}

/** What is recorded of messages that come at these times. */
async function recorded(messages: readonly (readonly [now: number, arrived: Arrived])[]): Promise<Recording> {
  let told = 0;
  let recorder: Recorder | undefined;
  const output = await written((out) => {
    recorder = new Recorder(out, () => told++);
    for (const [now, arrived] of messages) recorder.record(arrived, now);
  });
  if (recorder === undefined) throw new TypeError("nothing was put");
  return { output, recorder, told };
}

Deno.test("a recording has the pauses between the messages, the first without one", async () => {
  const { output } = await recorded([
    [5000.2, message("#a", "one")],
    [6250.4, message("#b", " two ")],
    [6250.5, message("#a", "")],
  ]);
  assertEquals(output.text, "0 pub #a one\n1.25 pub #b  two \n0 pub #a \n");
});

Deno.test("pauses add up to the real time, however the parts of milliseconds fall", async () => {
  const messages = Array.from({ length: 1001 }, (_, at) => [at * 1.4, message("#a", "x")] as const);
  const { output } = await recorded(messages);
  const seconds = output.text.trimEnd().split("\n").map((line) => Number(line.split(" ")[0]));
  assertEquals(Math.round(seconds.reduce((sum, each) => sum + each, 0) * 1000), 1400);
});

Deno.test("what no command line can hold is counted, left out, and told once", async () => {
  const { output, recorder, told } = await recorded([
    [0, message("#a", "two\nlines")],
    [1, message("#a", Uint8Array.of(0xff))],
    [2, message("#a", "ends with\r")],
    [3, message("#a", "good")],
  ]);
  assertEquals([output.text, recorder.skipped, told], ["0 pub #a good\n", 3, 1]);
});

Deno.test("a recording is a command file that says what came", async () => {
  const texts = fc.array(fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()));
  await fc.assert(fc.asyncProperty(texts, async (texts) => {
    const { output, recorder } = await recorded(texts.map((text, at) => [at * 10, message("#a.b", text)]));
    const commands = parseCommandFile(output.bytes, { name: "x.cmd", role: "publisher" });
    assertEquals(
      commands.map(({ command }): unknown => command.action),
      texts.filter((text) => !/\n|\r$/.test(text)).map((text) => ({
        verb: "pub",
        topic: "#a.b",
        message: text,
      })),
    );
    assertEquals(commands.length + recorder.skipped, texts.length);
  }));
});
