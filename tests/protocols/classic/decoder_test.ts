import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ClassicDecoder } from "../../../lib/protocols/classic/decoder.ts";
import { Found } from "../../../lib/protocols/decoder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Feeds the pieces as a session does, keeping what is unconsumed, and writes down what came out, publishes
 * one by one.
 */
function decode(pieces: readonly Uint8Array[], lineMost = 64, { moves = false } = {}): string[] {
  const machine = new ClassicDecoder(lineMost);
  let buffer = new Uint8Array(4096);
  const events: string[] = [];
  let start = 0;
  let end = 0;
  for (const piece of pieces) {
    buffer.set(piece, end);
    end += piece.length;
    machine.feed(buffer, start, end);
    for (let found = machine.next(); found !== Found.Nothing; found = machine.next()) {
      events.push(...describe(machine, { found, buffer }));
    }
    start = machine.consumed;
    assert(start <= end);
    if (!moves) continue;
    const unread = buffer.subarray(start, end);
    buffer = new Uint8Array(4096);
    buffer.set(unread);
    [start, end] = [0, unread.length];
  }
  return events;
}

function describe(machine: ClassicDecoder, what: { found: Found; buffer: Uint8Array }): string[] {
  if (what.found === Found.Refused) return [machine.refusal];
  if (what.found === Found.Broken) return [`broken ${machine.refusal}`];
  if (what.found === Found.Request) {
    const { id, verb, argument, fields } = machine.request;
    return [[id, verb, argument, ...fields].join("|")];
  }
  const topic = decoder.decode(machine.head.subarray(machine.topicStart, machine.topicEnd));
  const text = decoder.decode(what.buffer.subarray(machine.start, machine.end));
  assert(text.endsWith("\n"), "a run ends with a whole message");
  const messages = text.slice(0, -1).split("\n");
  assertEquals(messages.length, machine.count, "a run holds as many messages as it says");
  return messages.map((message) => `${machine.publisherId()}>${topic}>${message}`);
}

/** The whole in one piece, in every two pieces, and byte by byte. */
function decodeEverySplit(text: string | Uint8Array, lineMost?: number): string[] {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  const whole = decode([bytes], lineMost);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(decode([bytes.subarray(0, at), bytes.subarray(at)], lineMost), whole, `split at ${at}`);
  }
  assertEquals(decode([...bytes].map((byte) => Uint8Array.of(byte)), lineMost), whole, "byte by byte");
  return whole;
}

Deno.test("a publish becomes the delivery that subscribers get", () => {
  assertEquals(decodeEverySplit("p1 pub #hello This is  it \n"), ["p1>#hello>#hello This is  it "]);
});

Deno.test("the # may be left out by who publishes and is there for who receives (T2, C3)", () => {
  assertEquals(decodeEverySplit("p1 pub hello a\np1 pub hello b\np1 pub #hello c\n"), [
    "p1>hello>#hello a",
    "p1>hello>#hello b",
    "p1>#hello>#hello c",
  ]);
});

Deno.test("an empty message is a message, with the space after its topic or without (C3)", () => {
  assertEquals(decodeEverySplit("p1 pub #a\np1 pub #a \np1 pub b\np1 pub b\n"), [
    "p1>#a>#a ",
    "p1>#a>#a ",
    "p1>b>#b ",
    "p1>b>#b ",
  ]);
});

Deno.test("a CR before the LF is dropped, any other CR is part of the message (C1)", () => {
  assertEquals(decodeEverySplit("p pub #a x\r\np pub #a \r\np pub #a y\rz\r\r\np pub #a\r\ns sub #b\r\n"), [
    "p>#a>#a x",
    "p>#a>#a ",
    "p>#a>#a y\rz\r",
    "p>#a>#a ",
    "s|sub|#b",
  ]);
});

Deno.test("an empty line is no request (C1)", () => {
  assertEquals(decodeEverySplit("\n\r\n\np pub #a x\n\n\n"), ["p>#a>#a x"]);
});

Deno.test("publishers and topics may change from line to line", () => {
  const text = "p1 pub #a 1\np1 pub #b 2\np2 pub #b 3\np2 pub #bb 4\np2 pub #b 5\ns sub #a\np2 pub #b 6\n";
  assertEquals(decodeEverySplit(text), [
    "p1>#a>#a 1",
    "p1>#b>#b 2",
    "p2>#b>#b 3",
    "p2>#bb>#bb 4",
    "p2>#b>#b 5",
    "s|sub|#a",
    "p2>#b>#b 6",
  ]);
});

Deno.test("topics that change are told apart, however much of them is alike, at every split", () => {
  const topics = [
    "#a",
    "#ab",
    "#a",
    "#abc",
    "b",
    "#b",
    "#",
    "a",
    "#a",
    "#a\u00e9",
    `#${"l".repeat(70)}`,
    "#a",
    "#a\t",
  ];
  // as long as what is kept of the line before them, and one more or less
  topics.splice(3, 0, ...[57, 58, 59, 60].map((length) => "m".repeat(length)));
  const lines = topics.flatMap((
    topic,
    at,
  ) => [`p pub ${topic} ${at}`, `q${at % 2} pub ${topic} `, `p pub ${topic}`]);
  const messages = topics.flatMap((topic, at) => {
    const delivered = topic.startsWith("#") ? topic : `#${topic}`;
    return [
      `p>${topic}>${delivered} ${at}`,
      `q${at % 2}>${topic}>${delivered} `,
      `p>${topic}>${delivered} `,
    ];
  });
  assertEquals(decodeEverySplit(`${lines.join("\n")}\n`, 100), messages);
});

Deno.test("requests that are no publish come as text, whatever they are", () => {
  assertEquals(
    decodeEverySplit("s1 sub #a.*  \ns1 unsub #a\ns1 quit\nfoo\n x\ns1 PUB #a x\np pub\np pub  x\n"),
    [
      "s1|sub|#a.*",
      "s1|unsub|#a",
      "s1|quit|",
      "foo||",
      "UNKNOWN_COMMAND",
      "s1|PUB|#a|x",
      "p|pub|",
      "p>># x",
    ],
  );
});

Deno.test("a line that is too long is refused once, however long, and the next one is read", () => {
  const limit = 20;
  const fits = `p pub #a ${"x".repeat(limit - 9)}`;
  assertEquals(fits.length, limit);
  const text = `${fits}\n${fits}\r\n${fits}y\n${fits}${"z".repeat(50)}\n${fits}\r\ns ${
    "q".repeat(90)
  }\ns sub #a\n`;
  const message = `p>#a>#a ${"x".repeat(limit - 9)}`;
  assertEquals(decodeEverySplit(text, limit), [
    message,
    message,
    "LINE_TOO_LONG",
    "LINE_TOO_LONG",
    message,
    "LINE_TOO_LONG",
    "s|sub|#a",
  ]);
});

Deno.test("an over-long line is refused before its end has come", () => {
  const machine = new ClassicDecoder(8);
  const buffer = new Uint8Array(64).fill(0x78);
  machine.feed(buffer, 0, 10);
  assertEquals(machine.next(), Found.Refused);
  assertEquals(machine.consumed, 10, "what came of it need not be kept");
  buffer[10] = 0x78; // the next read lands where the stop of the search stood
  machine.feed(buffer, 10, 60);
  assertEquals(machine.next(), Found.Nothing);
  assertEquals(machine.consumed, 60);
});

Deno.test("ids and requests that are not UTF-8 are refused, payloads may be any bytes (C8)", () => {
  const bytes = Uint8Array.from([
    ...encoder.encode("p pub #a "),
    0xff,
    0x00,
    0xc0,
    0x0a,
    0xc3,
    ...encoder.encode(" pub #a x\n"),
    ...encoder.encode("s sub #"),
    0xe2,
    0x82,
    0x0a,
    ...encoder.encode("é pub #ü ö\n"),
  ]);
  assertEquals(decodeEverySplit(bytes), ["p>#a>#a \ufffd\u0000\ufffd", "BAD_UTF8", "BAD_UTF8", "é>#ü>#ü ö"]);
});

Deno.test("half a line yields nothing (C11)", () => {
  assertEquals(decode([encoder.encode("p pub #a x\np pub #a y")]), ["p>#a>#a x"]);
});

Deno.test("one read's publishes to one topic are one run, and neighbouring runs touch", () => {
  const machine = new ClassicDecoder(64);
  const text = encoder.encode("p pub #a 1\np pub #a 22\np pub #b 3\n");
  const buffer = new Uint8Array(100);
  buffer.set(text);
  machine.feed(buffer, 0, text.length);
  assertEquals(machine.next(), Found.Publishes);
  assertEquals(machine.count, 2);
  const end = machine.end;
  assertEquals(machine.next(), Found.Publishes);
  assertEquals(machine.start, end);
  assertEquals(decoder.decode(buffer.subarray(machine.start, machine.end)), "#b 3\n");
});

Deno.test("any bytes, however they are split, decode to the same events", () => {
  const field = fc.constantFrom("p", "p1", "pub", "sub", "#a", "#ab", "a", "", "x\r", "é", "\xff");
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.array(field, { maxLength: 5 }).map((fields) => fields.join(" ")) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        "p pub #a x",
        "p pub #a yy",
        "p pub a z",
        "p pub #a ",
        "p pub #a",
        "p pub #abc x",
      ),
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
  );
  const text = fc.array(line, { maxLength: 12 }).map((lines) => encoder.encode(lines.join("\n")));
  const cuts = fc.array(fc.nat(200), { maxLength: 10 });
  fc.assert(
    fc.property(text, cuts, (bytes, at) => {
      const places = [...new Set(at.map((place) => Math.min(place, bytes.length)))].sort((a, b) => a - b);
      const pieces = [0, ...places].map((place, index) =>
        bytes.subarray(place, places[index] ?? bytes.length)
      );
      assertEquals(decode(pieces, 24), decode([bytes], 24));
      assertEquals(decode(pieces, 24, { moves: true }), decode([bytes], 24));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("messages of any length close up without a byte changed, wherever they lie", () => {
  const message = fc.oneof(
    fc.nat(40),
    fc.integer({ min: 85, max: 110 }),
    fc.nat(300),
  ).map((length) => Array.from({ length }, (_, at) => String.fromCharCode(33 + (length + at) % 90)).join(""));
  const line = fc.record({
    id: fc.constantFrom("p", "p1", "pub12", "publisher"),
    topic: fc.constantFrom("#a", "#ab", "a", "#long.topic"),
    message,
    end: fc.constantFrom("\n", "\r\n"),
    times: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), fc.nat(7), (lines, before) => {
      const text = lines.map(({ id, topic, message, end, times }) =>
        `${id} pub ${topic} ${message}${end}`.repeat(times)
      ).join("");
      const bytes = encoder.encode(text);
      // one byte at least is free behind it, and the buffer ends with that word
      const buffer = new Uint8Array(4 * Math.ceil((before + bytes.length + 1) / 4));
      buffer.set(bytes, before);
      const machine = new ClassicDecoder(4096);
      machine.feed(buffer, before, before + bytes.length);
      let came = "";
      for (let found = machine.next(); found !== Found.Nothing; found = machine.next()) {
        assertEquals(found, Found.Publishes);
        came += decoder.decode(buffer.subarray(machine.start, machine.end));
      }
      const wanted = lines.map(({ topic, message, times }) =>
        `${topic.startsWith("#") ? "" : "#"}${topic} ${message}\n`.repeat(times)
      ).join("");
      assertEquals(came, wanted);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a line that has begun can be passed over, as much as is there and the rest as it comes", () => {
  const whole = encoder.encode(`p pub #a ${"x".repeat(40)}\ns sub #b\n`);
  const end = whole.indexOf(0x0a) + 1;
  for (let there = 1; there < end; there++) {
    const machine = new ClassicDecoder(64);
    const buffer = new Uint8Array(256);
    buffer.set(whole.subarray(0, there));
    machine.feed(buffer, 0, there);
    assertEquals(machine.next(), Found.Nothing);
    assertEquals([machine.passOver("BUSY"), machine.refusal, machine.consumed], [
      Found.Refused,
      "BUSY",
      there,
    ]);
    for (let at = there; at < whole.length; at++) {
      buffer[at] = whole[at]!;
      machine.feed(buffer, machine.consumed, at + 1);
      assertEquals(machine.next(), at === whole.length - 1 ? Found.Request : Found.Nothing, `${there} ${at}`);
    }
    assertEquals([machine.request.verb, machine.awaited], ["sub", 0]);
  }
});

Deno.test("a decoder that was asked nothing has nothing, and forgets a request when it falls quiet", () => {
  const machine = new ClassicDecoder(64);
  assertEquals([machine.start, machine.end, machine.count, machine.consumed, machine.awaited], [
    0,
    0,
    0,
    0,
    0,
  ]);
  const buffer = new Uint8Array(64);
  buffer.set(encoder.encode("s sub #a x\n"));
  machine.feed(buffer, 0, 11);
  assertEquals([machine.next(), machine.request.fields], [Found.Request, ["x"]]);
  assertEquals([machine.next(), machine.request.verb, machine.request.fields], [Found.Nothing, "", []]);
  assertThrows(
    () => machine.feed(new Uint8Array(63), 0, 1),
    RangeError,
    "63 bytes is no whole number of words",
  );
});

Deno.test("a handshake of TLS breaks the connection off where it begins one, in any version, and nothing of it is read (C14)", () => {
  for (const version of [0, 1, 3, 4]) {
    assertEquals(decode([Uint8Array.of(0x16, 3, version, 0, 9, 0x0a, 0x70, 0x0a)]), ["broken NO_TLS"]);
  }
  const machine = new ClassicDecoder(64);
  const buffer = new Uint8Array(64);
  buffer.set([0x16, 3, 1, 0x0a, 0x0a]);
  machine.feed(buffer, 0, 5);
  assertEquals([machine.next(), machine.consumed], [Found.Broken, 5]);
  for (const start of [[0x16, 0x33], [0x15, 3], [0x33, 3]]) {
    const line = Uint8Array.from([...start, ...encoder.encode("x sub #a\n")]);
    assertEquals(decode([line]), [`${decoder.decode(line).split(" ")[0]}|sub|#a`], "an id like another");
  }
});

Deno.test("what looks like TLS behind a publish is a line of somebody who speaks the protocol already (C14)", () => {
  const line = Uint8Array.from([...encoder.encode("p pub #a 1\n"), 0x16, 3, ...encoder.encode(" sub #a\n")]);
  assertEquals(decode([line]), ["p>#a>#a 1", "\x16\x03|sub|#a"]);
});
