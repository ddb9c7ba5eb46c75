import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { FrameDecoder } from "../../../lib/protocols/frames/decoder.ts";
import { decodeText } from "../../../lib/text.ts";
import { fieldsProblem } from "../../../lib/wire/fields.ts";
import type { Decoder } from "../../../lib/protocols/decoder.ts";
import { RECORDS, RECORDS_WITHOUT_SHARP } from "../../../lib/wire/encoding.ts";
import { anyCuts, bytesOf, found } from "../pieces.ts";

const LIMITS = { line: 60, payload: 80 };
const VERBS = ["sub", "unsub", "ack", "nack", "extend", "ping", "quit", "hello"];
/** The group and the topic are words without control characters; the numbers are in order. */
const ACK = /^ack ([^\0- \n]+) ([^\0- \n]+) ([1-9]\d{0,14})(?:-([1-9]\d{0,14}))?( all)?$/;

/** What frames mean, said as plainly as it can be (V1, V3, V4, V6, V10); a character is a byte. */
function meaning(text: string): string[] {
  const events: string[] = [];
  for (let at = 0; at < text.length;) {
    const lf = text.indexOf("\n", at);
    const whole = text.slice(at, lf < 0 ? undefined : lf);
    if (lf < 0) return whole.length > LIMITS.line + 1 ? [...events, "broken LINE_TOO_LONG"] : events;
    const header = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
    if (header.length > LIMITS.line) return [...events, "broken LINE_TOO_LONG"];
    if (header === "") {
      at = lf + 1;
    } else if (!header.startsWith("pub ")) {
      const utf8 = decodeText(bytesOf(header));
      if (utf8 === undefined) return [...events, "broken BAD_UTF8"];
      const [verb = "", argument = "", ...fields] = utf8.trimEnd().split(" ");
      const [ack, group = "", topic = "", from, last = from, all] = ACK.exec(whole) ?? [];
      if (ack !== undefined && Number(last) >= Number(from)) {
        const numbers = from === last ? from : `${from}-${last}`;
        const read = decodeText(bytesOf(group));
        events.push(`ack ${read}|${topic}|${numbers}${all === undefined ? "" : "|all"}`);
        at = lf + 1;
        continue;
      }
      if (!VERBS.includes(verb)) return [...events, "broken UNKNOWN_COMMAND"];
      events.push(`request ${["", verb, argument, ...fields].join("|")}`);
      at = lf + 1;
    } else {
      const [, topic, digits, fields] = /^pub ([^ ]*) (0|[1-9]\d{0,14})(?: ([^]*))?$/.exec(header) ?? [];
      if (digits === undefined) return [...events, "broken BAD_LENGTH"];
      const length = Number(digits);
      const end = lf + 1 + length;
      if (length > LIMITS.payload) {
        events.push("refused PAYLOAD_TOO_LARGE");
        at = end + 1;
      } else if (end >= text.length) {
        return events;
      } else if (text[end] !== "\n") {
        return [...events, "broken BAD_LENGTH"];
      } else {
        const bad = fields !== undefined &&
          (fieldsProblem(bytesOf(fields)) !== undefined || delayed(fields) > 1 ||
            /(^| )delay=x/.test(fields));
        events.push(bad ? "refused BAD_FIELD" : `publish |${topic}|${text.slice(at, end + 1)}`);
        at = end + 1;
      }
    }
  }
  return events;
}

/** How many fields say when it is to be delivered (D9). */
function delayed(fields: string): number {
  return fields.split(" ").filter((field) => /^(delay|at)=/.test(field)).length;
}

/** The frames of a run, by their lengths. */
function cut(run: string): string[] {
  const all: string[] = [];
  for (let at = 0; at < run.length;) {
    const lf = run.indexOf("\n", at);
    const end = lf + 1 + Number(/^pub [^ ]* (\d+)/.exec(run.slice(at, lf))?.[1]) + 1;
    all.push(run.slice(at, end));
    at = end;
  }
  return all;
}

/** What is said of a run is true of its messages, of each or of one. */
function judge(machine: Decoder, messages: readonly string[]): void {
  const headers = messages.map((text) => text.slice(0, text.indexOf("\n")));
  assertEquals(machine.encoding, headers[0]!.startsWith("pub #") ? RECORDS : RECORDS_WITHOUT_SHARP);
  const fielded = headers.some((header) => header.split(" ").length > 3);
  // behind a CR it is looked for fields, too
  if (fielded || !headers.some((header) => header.endsWith("\r"))) assertEquals(machine.hasFields, fielded);
  for (const header of headers) {
    const ttl = / ttl=([^ \r]*)(?!.* ttl=)/.exec(header)?.[1];
    assertEquals(machine.ttl, ttl === undefined ? undefined : 1000 * Number(ttl));
    const delay = / delay=([^ \r]*)/.exec(header)?.[1];
    assertEquals(
      machine.delay,
      delay === undefined ? undefined : { kind: "after", ms: 1000 * Number(delay) },
    );
  }
}

const payload = fc.oneof(
  fc.constantFrom("", "x", "\n", "pub #a 1\nx\n", "\r\n", "\0\xff"),
  fc.nat(90).map((length) => "0123456789".repeat(9).slice(0, length)),
);
const topic = fc.constantFrom(
  "#a",
  "#ab",
  "a",
  "ab",
  "#abcdefgh.ij",
  "",
  "#\xc3\xa9",
  "#a\t",
  "t".repeat(40),
);
const field = fc.constantFrom(
  "id=1",
  "ttl=5",
  "ttl=0",
  "k=v",
  "k=",
  "h.a=b",
  "k",
  "=v",
  "",
  "k=\t",
  "k=\x7f",
  "k=\xc3\xa9",
  "k=\xff",
  "ttl=1.5",
  "delay=5",
  "delay=6",
  "delay=x",
  "id=\xc2\x85",
);
const fields = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  fc.array(field, { minLength: 1, maxLength: 3 }).map((all) => ` ${all.join(" ")}`),
);
const frame = fc.record({ topic, payload, fields, cr: fc.constantFrom("", "", "", "\r") });
const publish = frame.map(({ topic, payload, fields, cr }) =>
  `pub ${topic} ${payload.length}${fields}${cr}\n${payload}\n`
);
const wrong = fc.constantFrom(
  "pub #a x\nx\n",
  "pub #a\n",
  "pub #a \n\n",
  "pub #a 01\nx\n",
  "pub #a 0x\n\n",
  "pub #a 72\nx\n",
  "pub #a 1:\nx\n",
  "pub #a 1/\nx\n",
  "pub #a /\nx\n",
  "pub #a 1\nxy\n",
  "pub #a 999999999999999\n",
  "pub #a 9999999999999999\n",
  "pub #a 81 k\n",
  `${"q".repeat(70)}\n`,
  `ping ${"q".repeat(55)}\n`,
  `ping ${"q".repeat(56)}\n`,
  `ping ${"q".repeat(55)}\r\n`,
  "\xff\n",
  "pong\n",
  "publish #a 1\nx\n",
);
const other = fc.constantFrom(
  "ping\n",
  "sub #a.*  from=1 \r\n",
  "\n",
  "\r\n",
  "quit\n",
  "hello 2\n",
  "unsub #a\n",
  "ack 1\n",
  "ack g #a\n",
  "nack x\n",
  "extend g #a 7\n",
);
const number = fc.constantFrom(
  "1",
  "2",
  "3",
  "4",
  "2-2",
  "2-5",
  "5-2",
  "0",
  "02",
  "1 all",
  "1-3 all",
  "2 upto",
  "1  all",
  "-1",
  "1-",
  "999999999999999",
  "1000000000000000",
  "1\r",
  "1 ",
  "x",
  "",
);
const ack = fc.record({
  group: fc.constantFrom("g", "g", "h", "\xc3\xa9", "\xff", "", "a\x7f", "g".repeat(50)),
  topic: fc.constantFrom("#a", "#a", "#ab", "a", "#\xc3\xa9", "\xff", "", "#\t"),
  numbers: fc.array(number, { minLength: 1, maxLength: 5 }),
}).map(({ group, topic, numbers }) => numbers.map((each) => `ack ${group} ${topic} ${each}\n`).join(""));
const part = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(publish, fc.integer({ min: 1, max: 3 })).map(([each, times]) => each.repeat(times)),
  },
  { weight: 2, arbitrary: other },
  { weight: 3, arbitrary: ack },
  { weight: 1, arbitrary: wrong },
);
const text = fc.tuple(
  fc.array(part, { maxLength: 8 }),
  fc.constantFrom("", "p", "pub #a 3\non", "pub #a 3", `pub #a ${"1".repeat(80)}`),
)
  .map(([parts, rest]) => parts.join("") + rest);

Deno.test("any frames, however they are cut and wherever they lie, mean what the plain reading says", () => {
  fc.assert(
    fc.property(text, anyCuts, (all, cuts) => {
      const events = found(new FrameDecoder(LIMITS), { bytes: bytesOf(all), cuts, cut, judge });
      assertEquals(events, meaning(all), JSON.stringify(all));
    }),
    { numRuns: 3000 },
  );
});

/** A frame in which a bit is another one, behind one that makes its head known. */
const damaged = fc.record({
  topic: fc.constantFrom("#a", "a", "#abc"),
  length: fc.constantFrom(0, 1, 9, 10, 72, 80, 81),
  at: fc.nat(12),
  bit: fc.nat(7),
}).map(({ topic, length, at, bit }) => {
  const header = `pub ${topic} ${length}`;
  const place = at % (header.length + 1);
  const frame = `${header}\n${"x".repeat(Math.min(length, 80))}\n`;
  const byte = String.fromCharCode(frame.charCodeAt(place) ^ 1 << bit);
  return `pub ${topic} 1\n7\n${frame.slice(0, place)}${byte}${frame.slice(place + 1)}${
    "y".repeat(90)
  }\nping\n`;
});

Deno.test("behind a known head a header in which one bit is wrong is judged as any other (V3, V6)", () => {
  fc.assert(
    fc.property(damaged, anyCuts, (all, cuts) => {
      const events = found(new FrameDecoder(LIMITS), { bytes: bytesOf(all), cuts, cut });
      assertEquals(events, meaning(all), JSON.stringify(all));
    }),
    { numRuns: 2000 },
  );
});
