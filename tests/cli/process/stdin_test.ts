import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Input, readLineBatches, readWhole } from "../../../lib/cli/process/stdin.ts";
import { RunError } from "../../../lib/errors.ts";
import { run } from "../run_program.ts";

/** An input whose reads give these pieces. */
function pieces(...texts: readonly Uint8Array[]): Input {
  const left = [...texts];
  return {
    read: (buffer) => {
      const next = left.shift();
      if (next === undefined) return Promise.resolve(null);
      buffer.set(next);
      return Promise.resolve(next.length);
    },
  };
}

async function lines(input: Input, delimiter?: string): Promise<string[]> {
  const found: string[] = [];
  const options = delimiter === undefined ? {} : { delimiter: encoder.encode(delimiter) };
  for await (const batch of readLineBatches(input, options)) {
    found.push(...batch.map((line) => new TextDecoder().decode(line)));
  }
  return found;
}

const encoder = new TextEncoder();

Deno.test("lines end with LF or CRLF, and what follows the last one is a line too", async () => {
  assertEquals(await lines(pieces(encoder.encode("a\r\n\nb \r c\n"))), ["a", "", "b \r c"]);
  assertEquals(await lines(pieces(encoder.encode("a\nb"))), ["a", "b"]);
  assertEquals(await lines(pieces(encoder.encode("a\nb\r"))), ["a", "b"]);
  assertEquals(await lines(pieces()), []);
});

Deno.test("lines are the same however the reads cut them", async () => {
  const text = "first\nzwölf\r\n\n\r\nlast";
  const bytes = encoder.encode(text);
  const whole = await lines(pieces(bytes));
  assertEquals(whole, ["first", "zwölf", "", "", "last"]);
  for (let at = 1; at < bytes.length; at++) {
    assertEquals(await lines(pieces(bytes.subarray(0, at), bytes.subarray(at))), whole, `cut at ${at}`);
  }
  assertEquals(await lines(pieces(...Array.from(bytes, (byte) => Uint8Array.of(byte)))), whole);
});

Deno.test("another delimiter ends a line in its place, and a CR and LF belong to it then", async () => {
  assertEquals(await lines(pieces(encoder.encode("a\r\n\0b\r\0\0c")), "\0"), ["a\r\n", "b\r", "", "c"]);
  const text = "one--\n---two\r\n--\nthree--\n";
  const bytes = encoder.encode(text);
  for (let at = 0; at <= bytes.length; at++) {
    const cut = pieces(bytes.subarray(0, at), bytes.subarray(at));
    assertEquals(await lines(cut, "--\n"), ["one", "---two\r\n", "three"], `cut at ${at}`);
  }
  assertEquals(
    await lines(pieces(...Array.from(bytes, (byte) => Uint8Array.of(byte))), "--\n").then((all) =>
      all.length
    ),
    3,
  );
});

Deno.test("bytes that are no text come through as they are", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array(), async (bytes) => {
    const line = bytes.filter((byte) => byte !== 10 && byte !== 13);
    const found: Uint8Array[] = [];
    for await (const each of readLineBatches(pieces(new Uint8Array([...line, 10])))) found.push(...each);
    assertEquals(found, [line]);
  }));
});

Deno.test("a line without an end does not fill the memory", async () => {
  for (const delimiter of [undefined, "::"]) {
    // it has an end, far behind the longest line
    let left = 200;
    const endless: Input = { read: (buffer) => Promise.resolve(left-- > 0 ? buffer.fill(120).length : null) };
    await assertRejects(
      () => lines(endless, delimiter),
      RunError,
      "a line on stdin has more than 16777216 bytes: is it text?",
    );
  }
});

Deno.test("all of an input is read whole, and one that does not end is given up before memory fills", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  const whole = new Uint8Array(20 * bytes.length);
  for (let at = 0; at < whole.length; at += bytes.length) whole.set(bytes, at);
  const pieces = Array.from({ length: 20 }, (_, at) => whole.subarray(at * 50_000, (at + 1) * 50_000));
  assertEquals(await readWhole({ readable: ReadableStream.from(pieces) }, { most: whole.length }), whole);
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(bytes) });
  await assertRejects(
    () => readWhole({ readable: endless }, { most: 1_000_000 }),
    RunError,
    "stdin has more than 1000000 bytes, and no broker takes a message of more",
  );
});

Deno.test("what cannot be read is said in one line: stdin may be a directory", async () => {
  const directory = {
    read: () => Promise.reject(new Deno.errors.IsADirectory("Is a directory (os error 21)")),
  };
  for (const delimiter of [undefined, "::"]) {
    await assertRejects(() => lines(directory, delimiter), RunError, "cannot read stdin: it is a directory");
  }
  for (
    const [name, args] of [
      ["publisher", ["-t", "a", "-s"]],
      ["publisher", ["-f", "-"]],
      ["subscriber", ["-f", "-"]],
    ] as const
  ) {
    const ended = await run(name, ["-i", "c1", ...args, "-p", "1"], {
      under: ["sh", "-c", 'exec "$@" < /', "sh"],
    });
    assertEquals(ended, { code: 1, stdout: "", stderr: `${name}: cannot read stdin: it is a directory\n` });
  }
});
