import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { readMessageLine } from "../../../lib/cli/messages/message_line.ts";
import { parseCommandFile } from "../../../lib/cli/commands/command_file.ts";
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { Recorder } from "../../../lib/cli/subscriber/recorder.ts";
import { type Collected, message, written } from "../output/collected.ts";

/** What is recorded of messages that come at these times. */
async function recorded(
  messages: readonly (readonly [now: number, arrived: Arrived])[],
): Promise<Collected> {
  return await written((out) => {
    const recorder = new Recorder(out);
    for (const [now, arrived] of messages) recorder.record(arrived, now);
  });
}

Deno.test("a recording has the pauses between the messages, the first without one", async () => {
  const output = await recorded([
    [5000.2, message("#a", "one")],
    [6250.4, message("#b", " two ")],
    [6250.5, message("#a", "")],
  ]);
  assertEquals(output.text, "0 pub #a one\n1.25 pub #b  two \n0 pub #a \n");
});

Deno.test("what came before the one before it comes without a pause, and those behind it from there", async () => {
  const output = await recorded([
    [5000, message("#a", "one")],
    [3000, message("#a", "two")],
    [5500, message("#a", "three")],
  ]);
  assertEquals(output.text, "0 pub #a one\n0 pub #a two\n0.5 pub #a three\n");
});

Deno.test("pauses add up to the real time, however the parts of milliseconds fall", async () => {
  const messages = Array.from({ length: 1001 }, (_, at) => [at * 1.4, message("#a", "x")] as const);
  const output = await recorded(messages);
  const seconds = output.text.trimEnd().split("\n").map((line) => Number(line.split(" ")[0]));
  assertEquals(Math.round(seconds.reduce((sum, each) => sum + each, 0) * 1000), 1400);
});

Deno.test("what no line can hold, and what has more than a text, is an object; its id and number are not", async () => {
  const about = { headers: new Map([["lang", "en"]]), key: "k 1", ttl: 0.5, reply: "#r" };
  const output = await recorded([
    [0, message("#a", "two\nlines")],
    [1000, message("#a", Uint8Array.of(0xff, 0x00))],
    [1000, message("#a", "ends with\r")],
    [1250, { ...message("#a", "x"), ...about, id: "i7", seq: 7, time: new Date(0) }],
    [1250, { ...message("#a", "plain"), headers: new Map(), id: "i8", seq: 8, time: new Date(0) }],
  ]);
  assertEquals(output.text.split("\n"), [
    '0 json {"topic":"#a","payload":"two\\nlines"}',
    '1 json {"topic":"#a","payload_base64":"/wA="}',
    '0 json {"topic":"#a","payload":"ends with\\r"}',
    '0.25 json {"topic":"#a","key":"k 1","ttl":0.5,"reply":"#r","headers":{"lang":"en"},"payload":"x"}',
    "0 pub #a plain",
    "",
  ]);
});

Deno.test("a recording says what came, each message on a line, whatever is in it", async () => {
  const text = fc.string({ unit: "binary" }).filter((text) => text.isWellFormed());
  const fields = fc.record({
    key: fc.option(text, { nil: undefined }),
    headers: fc.option(
      fc.array(fc.tuple(text.filter((name) => name !== ""), text)).map((all) => new Map(all)),
      {
        nil: undefined,
      },
    ),
    ttl: fc.option(fc.constantFrom(0.5, 60), { nil: undefined }),
    reply: fc.option(fc.constant("#r.x"), { nil: undefined }),
  });
  const payload = fc.oneof(text.map((text) => new TextEncoder().encode(text)), fc.uint8Array());
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(payload, fields)), async (messages) => {
      const came = messages.map(([payload, { headers, ...others }]) => ({
        ...message("#a.b", payload),
        ...others,
        ...(headers === undefined ? {} : { headers }),
      }));
      const output = await recorded(came.map((each, at) => [at * 10, each]));
      const lines = output.text.split("\n");
      assertEquals([lines.length, lines.at(-1)], [came.length + 1, ""]);
      for (const [at, each] of came.entries()) {
        const { headers = new Map<string, string>(), key, ttl, reply, payload } = each;
        assertEquals(readBack(lines[at]!), {
          topic: "#a.b",
          headers,
          key,
          ttl,
          reply,
          payload: [...payload],
        });
      }
    }),
  );
});

/** The message of a recorded line. */
function readBack(line: string): unknown {
  const [, object] = /^\S+ json (.*)$/s.exec(line) ?? [];
  if (object === undefined) {
    const bytes = new TextEncoder().encode(line);
    const [placed] = parseCommandFile(bytes, { name: "x.cmd", role: "publisher" });
    const action = placed?.command.action;
    if (action?.verb !== "pub") throw new TypeError(line);
    const payload = [...new TextEncoder().encode(action.message)];
    const { topic } = action;
    return { topic, headers: new Map(), key: undefined, ttl: undefined, reply: undefined, payload };
  }
  const read = readMessageLine(object, { topic: 255, payload: 1_000_000 });
  if ("problem" in read) throw new TypeError(read.problem);
  const { topic, headers, key, ttl, reply, payload } = read.message;
  return { topic, headers, key, ttl, reply, payload: [...payload] };
}
