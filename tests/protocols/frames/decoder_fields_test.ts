import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { RUN_FIELDS_MOST } from "../../../lib/limits.ts";
import { Found } from "../../../lib/protocols/decoder.ts";
import { FrameDecoder } from "../../../lib/protocols/frames/decoder.ts";
import { fieldsProblem } from "../../../lib/wire/fields.ts";
import { decode, decodeEverySplit, foundIn, LIMITS } from "./decoding.ts";

const encoder = new TextEncoder();

Deno.test("fields travel with their frame (V4)", () => {
  assertEquals(decodeEverySplit("pub #a 1 id=7 h.x=y%20z\nx\npub #a 1\ny\npub #a 1 key=\nz\r\n"), [
    "#a>pub #a 1 id=7 h.x=y%20z\nx\n",
    "#a>pub #a 1\ny\n",
    "broken BAD_LENGTH",
  ]);
  assertEquals(
    decodeEverySplit("pub #a 1 key=\nz\npub #a 1 id\nx\npub #a 1  a=b\nx\npub #a 1 =b\nx\nping\n"),
    [
      "#a>pub #a 1 key=\nz\n",
      "BAD_FIELD",
      "BAD_FIELD",
      "BAD_FIELD",
      "ping|",
    ],
  );
});

Deno.test("a field holds no raw control character, no raw white space and nothing but UTF-8 (V4)", () => {
  const bad = ["key=a\tb", "key=a\0", "k\x1by=a", "key=\x7f", "key=a\rb", "key=\u0085", "key=a\u00a0b"];
  bad.push("key=\u2028", "h.\u3000=x", "id=\x01", "ttl=6\x000");
  for (const field of bad) {
    assertEquals(decodeEverySplit(`pub #a 1 ${field}\nx\npub #a 1\nx\npub #a 1 k=v ${field}\nx\nping\n`), [
      "BAD_FIELD",
      "#a>pub #a 1\nx\n",
      "BAD_FIELD",
      "ping|",
    ], JSON.stringify(field));
  }
  for (const field of ["key=größe", "h.温度=21°", "key=🌡%20a", "key=50%", "key=a=b"]) {
    assertEquals(decodeEverySplit(`pub #a 1 ${field}\nx\n`), [`#a>pub #a 1 ${field}\nx\n`]);
  }
});

Deno.test("a field that is no UTF-8 is refused, and the connection goes on (V4, V6)", () => {
  for (const broken of [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xc3]]) {
    const frame = Uint8Array.of(...encoder.encode("pub #a 1 key="), ...broken, ...encoder.encode("\nx\n"));
    assertEquals(decode([frame, encoder.encode("ping\n")]), ["BAD_FIELD", "ping|"]);
  }
});

Deno.test("the decoder and an import judge fields alike (V4, V10)", () => {
  const piece = fc.constantFrom(
    "a",
    "=",
    " ",
    "\t",
    "\x7f",
    "é",
    "\u00a0",
    "ttl=",
    "6",
    "0",
    ".",
    "%20",
    "k=v",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
      const fields = pieces.join("");
      const taken = decode([encoder.encode(`pub #a 1 ${fields}\nx\n`)]);
      const problem = fieldsProblem(encoder.encode(fields));
      assertEquals(taken[0] === "BAD_FIELD", problem !== undefined, `${JSON.stringify(fields)}: ${problem}`);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("messages with fields come in runs of so many, for each of them is looked at; others in one", () => {
  const frames = (fields: (at: number) => string): Uint8Array =>
    encoder.encode(Array.from({ length: 1000 }, (_, at) => `pub #a 1${fields(at)}\nx\n`).join(""));
  const counts = (bytes: Uint8Array): number[] => {
    const machine = new FrameDecoder(LIMITS);
    const buffer = new Uint8Array(bytes.length + 1);
    buffer.set(bytes);
    machine.feed(buffer, 0, bytes.length);
    const runs: number[] = [];
    while (machine.next() === Found.Publishes) runs.push(machine.count);
    assertEquals(machine.consumed, bytes.length);
    return runs;
  };
  const runs = counts(frames((at) => ` id=${at}`));
  assertEquals(runs.reduce((sum, count) => sum + count), 1000);
  assert(runs.every((count) => count <= RUN_FIELDS_MOST), `${runs}`);
  assertEquals(counts(frames(() => "")), [1000]);
});

Deno.test("an id has at most 255 bytes, and no other field is an id (D6)", () => {
  for (const behind of ["", " k=v"]) {
    const frame = (field: string): string => `pub #a 1 ${field}${behind}\nx\n`;
    assertEquals(foundIn(frame(`id=${"x".repeat(255)}`)).found, Found.Publishes);
    const { found, machine } = foundIn(frame(`id=${"x".repeat(256)}`));
    assertEquals([found, machine.refusal, machine.problem], [
      Found.Refused,
      "BAD_FIELD",
      "id= has at most 255 bytes, this one 256",
    ]);
    for (const name of ["i", "ie", "jd", "di", "xid", "idx", "key"]) {
      assertEquals(foundIn(frame(`${name}=${"x".repeat(256)}`)).found, Found.Publishes, name);
    }
  }
  for (const name of ["tl", "ttk", "tsl", "stl", "xttl", "ttlx"]) {
    assertEquals(foundIn(`pub #a 1 ${name}=none\nx\n`).found, Found.Publishes, name);
  }
});

Deno.test("publishes that wait alike are a run, others are not; delay= and at= are judged as they come (D9)", () => {
  const decoder = new FrameDecoder({ line: 100, payload: 100 });
  const at = "at=2026-01-31T09:00:00Z";
  const same = "at=2026-01-31T10:00:00.000+01:00";
  const each = [
    "",
    " k=v",
    " delay=5",
    " k=v delay=5.0",
    " delay=6",
    "",
    ` ${at}`,
    ` ${same}`,
    " delay=0",
    " at=x",
    "",
  ];
  const bytes = encoder.encode(each.map((fields) => `pub #a 1${fields}\nx\n`).join("") + "~".repeat(4));
  decoder.feed(bytes.slice(0, bytes.length), 0, bytes.length - 4);
  const seen: unknown[] = [];
  for (let found = decoder.next(); found !== Found.Nothing; found = decoder.next()) {
    seen.push(found === Found.Publishes ? [decoder.count, decoder.delay] : decoder.problem);
  }
  assertEquals(seen, [
    [2, undefined],
    [2, { kind: "after", ms: 5000 }],
    [1, { kind: "after", ms: 6000 }],
    [1, undefined],
    [2, { kind: "at", ms: Date.UTC(2026, 0, 31, 9) }],
    [1, { kind: "after", ms: 0 }],
    "at= is a time with its offset, like at=2026-01-31T09:00:00Z",
    [1, undefined],
  ]);
});

Deno.test("a field that is named nearly so is passed on (D9)", () => {
  for (const name of ["dela", "delays", "xdelay", "dalay", "a", "att", "ta", "h.at", "Delay", "AT"]) {
    assertEquals(decodeEverySplit(`pub #a 1 ${name}=x\nx\n`), [`#a>pub #a 1 ${name}=x\nx\n`]);
  }
});
