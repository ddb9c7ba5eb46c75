import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { ClassicDecoder } from "../../../lib/protocols/classic/decoder.ts";
import { decodeText } from "../../../lib/text.ts";
import { anyCuts, bytesOf, found } from "../pieces.ts";

/** What lines mean, said as plainly as it can be (C1 to C3, C8, C11); a character is a byte. */
function meaning(text: string, lineMost: number): string[] {
  const events: string[] = [];
  const lines = text.split("\n");
  const rest = lines.pop()!;
  for (const each of lines) {
    const line = each.endsWith("\r") ? each.slice(0, -1) : each;
    if (line === "") continue;
    if (line.length > lineMost) {
      events.push("refused LINE_TOO_LONG");
      continue;
    }
    const [, id, topic, message] = /^([^ ]+) pub ([^ ]*)(?: ([^]*))?$/.exec(line) ?? [];
    const utf8 = decodeText(bytesOf(id ?? line));
    if (utf8 === undefined) {
      events.push("refused BAD_UTF8");
    } else if (topic !== undefined) {
      events.push(`publish ${utf8}|${topic}|${topic.startsWith("#") ? "" : "#"}${topic} ${message ?? ""}`);
    } else {
      const [id = "", verb = "", argument = "", ...fields] = utf8.trimEnd().split(" ");
      events.push(
        id === "" ? "refused UNKNOWN_COMMAND" : `request ${[id, verb, argument, ...fields].join("|")}`,
      );
    }
  }
  // one byte more may be the CR before its LF
  if (rest.length > lineMost + 1) events.push("refused LINE_TOO_LONG");
  return events;
}

const word = fc.constantFrom(
  "p",
  "p1",
  "publisher",
  "pub",
  "pubs",
  "sub",
  "#a",
  "#ab",
  "a",
  "ab",
  "#",
  "",
  "\xff",
  "\xc3\xa9",
  "x\r",
  "\t",
);
const message = fc.oneof(
  fc.constantFrom("", "x", "\r", "\x8a\x0b", "y z"),
  fc.integer({ min: 1, max: 130 }).map((length) => "0123456789".repeat(13).slice(0, length)),
);
const publish = fc.tuple(
  fc.constantFrom("p", "p1", "\xc3\xa9"),
  fc.constantFrom("#a", "#ab", "a", "#abcdefgh.ij", "t".repeat(70)),
  message,
)
  .map(([id, topic, text]) => `${id} pub ${topic} ${text}`);
const line = fc.oneof(
  { weight: 4, arbitrary: publish },
  { weight: 3, arbitrary: fc.array(word, { maxLength: 5 }).map((words) => words.join(" ")) },
  { weight: 1, arbitrary: fc.nat(180).map((length) => "l".repeat(length)) },
);
const end = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r\r\n", "\n\n");
const text = fc.tuple(
  fc.array(fc.tuple(line, end, fc.integer({ min: 1, max: 3 })), { maxLength: 8 }),
  fc.oneof(line, fc.constant("")),
)
  .map(([lines, rest]) => lines.map(([each, end, times]) => `${each}${end}`.repeat(times)).join("") + rest);

Deno.test("any lines, however they are cut and wherever they lie, mean what the plain reading says", () => {
  fc.assert(
    fc.property(text, anyCuts, fc.constantFrom(20, 100, 150), (all, cuts, lineMost) => {
      const events = found(new ClassicDecoder(lineMost), {
        bytes: bytesOf(all),
        cuts,
        cut: (run) => run.slice(0, -1).split("\n"),
      });
      assertEquals(events, meaning(all, lineMost), JSON.stringify(all));
    }),
    { numRuns: 3000 },
  );
});
