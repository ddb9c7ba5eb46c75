import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import fc from "fast-check";
import { createPrinter, type PrinterOptions } from "../../../lib/cli/output/format.ts";
import { compileFormat } from "../../../lib/cli/output/format_letters.ts";
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { UsageError } from "../../../lib/errors.ts";
import { type Collected, message, written } from "./collected.ts";

const NOTHING = new Uint8Array();
const PLAIN: PrinterOptions = { json: false, terminal: false };

function printed(arrived: Arrived, options: Partial<PrinterOptions> = {}): Promise<Collected> {
  const print = createPrinter({ ...PLAIN, ...options });
  return written((out) => print(arrived, out));
}

/** A message printed by a format, without the line end. */
async function formatted(format: string, arrived: Arrived, terminal = false): Promise<string> {
  return (await printed(arrived, { format: compileFormat(format), end: NOTHING, terminal })).text;
}

Deno.test("a message is its topic, a space, its payload and a line end", async () => {
  assertEquals((await printed(message("#hello", "This is the first"))).text, "#hello This is the first\n");
  assertEquals((await printed(message("#hello", ""))).text, "#hello \n");
  assertEquals((await printed(message("#hello", "x"), { end: NOTHING })).text, "#hello x");
});

Deno.test("the topic printed is the message's own, however topics alternate", async () => {
  const print = createPrinter(PLAIN);
  const output = await written((out) => {
    for (const topic of ["#a", "#a", "#bb", "#a"]) print(message(topic, "x"), out);
  });
  assertEquals(output.text, "#a x\n#a x\n#bb x\n#a x\n");
});

Deno.test("any bytes of a payload go into a pipe untouched", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array(), async (payload) => {
    const expected = [...new TextEncoder().encode("#a "), ...payload, 0x0a];
    assertEquals([...(await printed(message("#a", payload))).bytes], expected);
    const byFormat = await printed(message("#a", payload), { format: compileFormat("%t %p") });
    assertEquals([...byFormat.bytes], expected);
  }));
});

Deno.test("nothing a peer sends reaches a terminal as a control character", async () => {
  const formats = [undefined, ...["%t %p", "%20p|%-9t", "%j", "%J", "%x"].map(compileFormat)];
  const unsafe = /[\p{Cc}\u202e\u2028]/u;
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), fc.constantFrom(...formats), async (text, format) => {
      const arrived = message(`#t${text}`, `\x1b[31m${text}\u202e\x9b`);
      const line = (await printed(arrived, { format, terminal: true })).text;
      assertNotMatch(line.slice(0, -1).replaceAll("\t", ""), unsafe);
      assert(line.endsWith("\n"));
    }),
  );
  assertEquals(
    (await printed(message("#a", "red\x1b[31m\ttab\u0007"), { terminal: true })).text,
    "#a red\\x1b[31m\ttab\\x07\n",
  );
});

Deno.test("--json is one object on one line, the payload as text or in base64", async () => {
  const text = (await printed(message("#a", 'say "hi"\u2028\x1b'), { json: true })).text;
  assertEquals(text.split("\n").length, 2);
  const { time, ...rest } = JSON.parse(text);
  assertEquals(rest, { topic: "#a", payload: 'say "hi"\u2028\x1b' });
  assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const binary = JSON.parse((await printed(message("#a", Uint8Array.of(0xff, 0xfe)), { json: true })).text);
  assertEquals(binary.payload_base64, "//4=");
  assertEquals("payload" in binary, false);
});

Deno.test("a byte order mark is part of the payload in JSON", async () => {
  const { payload } = JSON.parse((await printed(message("#a", "\ufeffx"), { json: true })).text);
  assertEquals(payload, "\ufeffx");
});

Deno.test("the letters of a format print what they stand for", async () => {
  const arrived = message("#orders.eu", "Grüße");
  assertEquals(
    await formatted("%t|%p|%l|%x|%X", arrived),
    "#orders.eu|Grüße|7|4772c3bcc39f65|4772C3BCC39F65",
  );
  assertEquals(await formatted("100%% %t%%", arrived), "100% #orders.eu%");
  assertEquals(await formatted("", arrived), "");
  assertMatch(await formatted("%I", arrived), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assertMatch(await formatted("%U", arrived), /^\d+\.\d{3}$/);
  assertMatch(await formatted("%@Y-%@m-%@d %@H:%@M:%@S", arrived), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assertEquals(JSON.parse(await formatted("%j", arrived)).payload, "Grüße");
  assertEquals(JSON.parse(await formatted("%J", message("#a", '{"n":[1,2]}'))).payload, { n: [1, 2] });
  assertEquals(JSON.parse(await formatted("%J", message("#a", "no json"))).payload, "no json");
});

Deno.test("the escapes of a format are the bytes they name", async () => {
  const format = compileFormat("\\n\\t\\r\\0\\a\\e\\v\\f\\\\\\x41\\xff");
  const output = await printed(message("#a", ""), { format, end: NOTHING });
  assertEquals([...output.bytes], [10, 9, 13, 0, 7, 27, 11, 12, 92, 65, 255]);
});

Deno.test("widths pad and cut as in printf, by characters", async () => {
  const arrived = message("#ab", "Grüße");
  assertEquals(await formatted("[%6t][%-6t][%2t]", arrived), "[   #ab][#ab   ][#ab]");
  assertEquals(await formatted("[%7p][%-7p][%.3p][%5.3p]", arrived), "[  Grüße][Grüße  ][Grü][  Grü]");
  assertEquals(await formatted("%1000t|%.9999t", arrived), `${"#ab".padStart(1000)}|#ab`);
  assertEquals(await formatted("[%04l][%016x][%05t]", arrived), "[0007][004772c3bcc39f65][  #ab]");
});

Deno.test("headers and key are printed by their letters and in JSON, and nothing where there are none", async () => {
  const headers = new Map([["lang", "en"], ["__proto__", "a b"]]);
  const arrived = { ...message("#a", "x"), headers, key: "k", ttl: 5 };
  assertEquals(await formatted("%h|%k|%10k|%p", arrived), "lang=en,__proto__=a b|k|         k|x");
  assertEquals(await formatted("%h|%k", message("#a", "x")), "|");
  assertEquals(
    await formatted("%h", { ...arrived, headers: new Map([["\x1b", "\x9b"]]) }, true),
    "\\x1b=\\x9b",
  );
  const object = JSON.parse(await formatted("%j", arrived));
  assertEquals([object.key, object.ttl, Object.entries(object.headers)], ["k", 5, [...headers]]);
  assertEquals(Object.keys(JSON.parse(await formatted("%j", message("#a", "x")))), [
    "time",
    "topic",
    "payload",
  ]);
});

Deno.test("the group of a message is a letter and a key of the object, and nothing where there is none", async () => {
  const shared = { ...message("#a", "x"), group: "workers" };
  assertEquals(await formatted("%g:%10g|%p", shared), "workers:   workers|x");
  assertEquals(await formatted("%g|%p", message("#a", "x")), "|x");
  // what is in memory is given out once
  assertEquals(await formatted("%a|%p", { ...shared, attempt: 1 }), "|x");
  const leased = { ...shared, seq: 7, attempt: 2 };
  assertEquals(await formatted("%s %a %3a|%p", leased), "7 2   2|x");
  assertEquals(JSON.parse(await formatted("%j", leased)).attempt, 2);
  assertEquals(Object.entries(JSON.parse(await formatted("%j", shared))).slice(1), [
    ["topic", "#a"],
    ["group", "workers"],
    ["payload", "x"],
  ]);
});

Deno.test("a format with an unknown letter or escape says which there are", () => {
  const refusal = (format: string): string => assertThrows(() => compileFormat(format), UsageError).message;
  assertEquals(
    refusal("a %q"),
    'the format has "%q", which is none of %t %p %l %x %X %h %k %g %s %a %I %U %j %J (and %%)',
  );
  assertStringIncludes(refusal("%i"), '"%i"');
  assertStringIncludes(refusal("%@Q"), '"%@Q"');
  assertStringIncludes(refusal("\\q"), '"\\q"');
  // five digits are no width
  for (const format of ["%", "%-5", "%@", "\\", "a\\", "%12345t", "%.12345t", "%1.t"]) {
    assertStringIncludes(refusal(format), "the format ends within");
  }
  for (const format of ["\\x4", "\\xzz"]) assertStringIncludes(refusal(format), '"\\x"');
});

Deno.test("a message that was stored is printed with its time, one that was not with that of now", async () => {
  const stored = { ...message("#a", "x"), time: new Date("2026-01-31T09:00:00.007Z") };
  assertEquals(await formatted("%I %U", stored), "2026-01-31T09:00:00.007Z 1769850000.007");
  assertEquals(JSON.parse(await formatted("%j", stored)).time, "2026-01-31T09:00:00.007Z");
  const before = Date.now();
  const now = Date.parse(await formatted("%I", message("#a", "x")));
  assert(now >= before && now <= Date.now());
});

Deno.test("a width with flags pads as printf does: to the left, and numbers with noughts", async () => {
  const arrived = { ...message("#ab", "xy"), seq: 7 };
  assertEquals(
    await formatted("[%-04l][%0-4l][%05s][%06x][%06X][%05p][%04t][%0s]", arrived),
    "[2   ][2   ][00007][007879][007879][   xy][ #ab][7]",
  );
  assertEquals(await formatted("[%0l][%-l][%1l][%0.1t][%.0t][%-5.1t]", arrived), "[2][2][2][#][][#    ]");
});

Deno.test("what is cut or padded is counted in characters, whatever they take", async () => {
  const arrived = message("#\u{1f600}\u{1f600}", "x");
  assertEquals(
    await formatted("[%.2t][%.3t][%.4t][%4t][%3t]", arrived),
    [
      "[#\u{1f600}]",
      ...Array<string>(2).fill("[#\u{1f600}\u{1f600}]"),
      "[ #\u{1f600}\u{1f600}]",
      "[#\u{1f600}\u{1f600}]",
    ].join(""),
  );
});

Deno.test("a width and a precision have four digits at most", async () => {
  const arrived = message("#a", "x");
  assertEquals((await formatted("%9999t", arrived)).length, 9999);
  assertEquals(await formatted("%5.9999t|%0005t", arrived), "   #a|   #a");
});

Deno.test("a payload is its bytes in a pipe, and what can be shown of it where it is cut or a person looks", async () => {
  const raw = { ...message("#a", Uint8Array.of(0xff, 0x1b)), text: "\ufffd\x1b" };
  const bytes = async (format: string, terminal: boolean): Promise<string> =>
    (await printed(raw, { format: compileFormat(format), end: NOTHING, terminal })).bytes.toHex();
  assertEquals([await bytes("%p", false), await bytes("%.9p", false)], ["ff1b", "efbfbd1b"]);
  assertEquals(await bytes("%p", true), new TextEncoder().encode("\ufffd\\x1b").toHex());
});

Deno.test("--json goes before a format, and what ends a message stands behind both", async () => {
  const end = new TextEncoder().encode("--");
  const format = compileFormat("%t");
  assertEquals((await printed(message("#a", "x"), { format, end })).text, "#a--");
  assertEquals(
    (await printed(message("#a", "x"), { format, end, json: true })).text.endsWith('"x"}--'),
    true,
  );
  assertEquals((await printed(message("#a", "x"), { end, terminal: true })).text, "#a x--");
});
