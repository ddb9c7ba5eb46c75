import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { decodeLine, parseCommandFile } from "../../../lib/cli/commands/command_file.ts";
import { parseLine } from "../../../lib/cli/commands/grammar.ts";
import { UsageError } from "../../../lib/errors.ts";

const encoder = new TextEncoder();

/** What a file comes to: its commands by place, or its problems. */
function read(bytes: Uint8Array): unknown[] {
  try {
    return parseCommandFile(bytes, { name: "x", role: "publisher" }).map((
      { place, command },
    ) => [place, command]);
  } catch (error) {
    if (error instanceof UsageError) return error.message.split("\n");
    throw error;
  }
}

Deno.test("a file is its lines, whatever ends them, with a byte order mark or not, whole UTF-8 or not", () => {
  const line = fc.constantFrom(
    "pub #a x",
    "0.5 pub b y z",
    "",
    "# no",
    "nope",
    "quit",
    "pub",
    " \ufeff pub #c",
    "\xff",
    "pub #a \xfe",
  );
  const end = fc.constantFrom("\n", "\r\n");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(line, end), { maxLength: 8 }),
      line,
      fc.boolean(),
      (lines, last, hasMark) => {
        const raw = (text: string): Uint8Array =>
          new Uint8Array(
            [...text].flatMap((each) =>
              each >= "\xfe" && each <= "\xff" ? [0xff] : [...encoder.encode(each)]
            ),
          );
        const file = raw(lines.map(([text, end]) => text + end).join("") + last);
        const bytes = hasMark ? new Uint8Array([0xef, 0xbb, 0xbf, ...file]) : file;
        const commands: unknown[] = [];
        const problems: string[] = [];
        for (const [at, text] of [...lines.map(([text]) => text), last].entries()) {
          const place = `x:${at + 1}`;
          if (/[\xfe\xff]/.test(text)) {
            problems.push(`${place}: not UTF-8: save the file in that encoding`);
            continue;
          }
          const parsed = parseLine(text, "publisher");
          if (parsed.kind === "command") commands.push([place, parsed.command]);
          if (parsed.kind === "problem") problems.push(`${place}: ${parsed.problem}`);
        }
        assertEquals(read(bytes), problems.length > 0 ? problems : commands);
      },
    ),
  );
});

Deno.test("a hundred problems are told, of more than that how many there are", () => {
  for (const [count, told] of [[1, 1], [100, 100], [101, 101], [102, 101]] as const) {
    const error = assertThrows(
      () => parseCommandFile(encoder.encode("no\n".repeat(count)), { name: "x", role: "publisher" }),
      UsageError,
    );
    const lines = error.message.split("\n");
    assertEquals(lines.length, told);
    if (count > 100) assertEquals(lines[100], `x: and ${count - 100} more bad lines`);
    assertEquals(lines[told > 100 ? 99 : told - 1]?.startsWith(`x:${Math.min(count, 100)}: unknown`), true);
  }
});

Deno.test("of what is no command file no more is read than shows that, and no line of more than 16 MiB", () => {
  const problems = (bytes: Uint8Array): string[] => {
    const started = performance.now();
    const lines = read(bytes) as string[];
    assertEquals(performance.now() - started < 5000, true, "it takes no time");
    return lines;
  };
  const binary = new Uint8Array(4 * 1024 ** 2).fill(0xff).map((byte, at) => at % 4 === 3 ? 0x0a : byte);
  assertEquals(problems(binary).at(-1), "x: and more than 10000 bad lines");
  const long = encoder.encode("a".repeat(16 * 1024 ** 2 + 1));
  const tooLong = "x:1: the line has more than 16777216 bytes: is it text?";
  assertEquals(problems(long), [tooLong]);
  const worse = new Uint8Array(long.length + 2);
  worse.set(long);
  worse.set([0x0a, 0xff], long.length);
  assertEquals(problems(worse), [tooLong, "x:2: not UTF-8: save the file in that encoding"]);
  assertEquals(problems(long.subarray(1))[0]?.startsWith('x:1: unknown command "aaa'), true);
});

Deno.test("a line is without a CR before its end, and the first without a byte order mark", () => {
  const marked = encoder.encode("\ufeffa\ufeff\r");
  assertEquals([1, 2, undefined].map((number) => decodeLine(marked, number)), [
    "a\ufeff",
    "\ufeffa\ufeff",
    "\ufeffa\ufeff",
  ]);
  assertEquals(decodeLine(encoder.encode("a\r\r"), 1), "a\r");
  assertEquals([decodeLine(Uint8Array.of(0xff), 1), decodeLine(new Uint8Array(), 1)], [undefined, ""]);
});
