/** The words of the command line, where they may be no text. */
import { assertEquals, assertThrows } from "@std/assert";
import { commandLine } from "../../../lib/cli/process/words.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standIn } from "../stand_in.ts";

const options = { ignore: Deno.build.os !== "linux" }; // elsewhere the bytes are not to be seen

/** These words, whose bytes the system shows so. */
function words(args: string[], bytes: Uint8Array | Error = new Uint8Array()): readonly string[] {
  using _args = standIn(Deno, "args", args);
  using _read = standIn(Deno, "readFileSync", (path) => {
    assertEquals(path, "/proc/self/cmdline");
    if (bytes instanceof Error) throw bytes;
    return bytes as Uint8Array<ArrayBuffer>;
  });
  return commandLine();
}

const BROKEN = "caf\ufffd";
const unseen = new Error("nobody asks for the bytes");

Deno.test("words that are text are as they were given, and nobody asks for their bytes", () => {
  for (const args of [[], ["-t", "café", ""]]) assertEquals(words(args, unseen), args);
});

Deno.test("a word whose bytes are no text is refused, and one that has U+FFFD in it is not", options, () => {
  assertEquals(words(["-t", BROKEN], new TextEncoder().encode(`deno\0-t\0${BROKEN}\0`)), ["-t", BROKEN]);
  const bytes = Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0);
  assertEquals(
    assertThrows(() => words(["-t", BROKEN], bytes), UsageError).message,
    `the argument "${BROKEN}" is not UTF-8: what is no text comes from a file or from stdin`,
  );
});

const doubtful = `the argument "${BROKEN}" is not UTF-8, or has U+FFFD in it, which looks the same: ` +
  "what is no text comes from a file or from stdin";

Deno.test("where the bytes are not to be seen such a word is refused, and why is said", () => {
  using _build = standIn(Deno, "build", { ...Deno.build, os: "darwin" });
  assertEquals(assertThrows(() => words([BROKEN], unseen), UsageError).message, doubtful);
});

Deno.test({
  name: "a program that may not see everything does not ask for the bytes",
  ...options,
  permissions: { read: true, net: false },
  fn: () => {
    assertEquals(assertThrows(() => words([BROKEN], unseen), UsageError).message, doubtful);
  },
});

Deno.test("an executable has its words as they are: the runtime has looked at them", () => {
  using _build = standIn(Deno, "build", { ...Deno.build, standalone: true });
  assertEquals(words([BROKEN], unseen), [BROKEN]);
});
