import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Found } from "../../../lib/protocols/decoder.ts";
import { FrameDecoder } from "../../../lib/protocols/frames/decoder.ts";
import { decode, decodeEverySplit, foundIn, LIMITS } from "./decoding.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("a frame is delivered as it came, whatever its payload holds (V1, V3)", () => {
  assertEquals(decodeEverySplit("pub #a 3\none\npub #a 5\nt\nw\0o\npub #a 0\n\npub #b 10\npub #a 3\no\n"), [
    "#a>pub #a 3\none\n",
    "#a>pub #a 5\nt\nw\0o\n",
    "#a>pub #a 0\n\n",
    "#b>pub #b 10\npub #a 3\no\n",
  ]);
});

Deno.test("requests without a payload come as text", () => {
  assertEquals(decodeEverySplit("sub #a.* slow=latest\r\nunsub #a.*\nping\n\nquit\nhello 2\n"), [
    "sub|#a.*|slow=latest",
    "unsub|#a.*",
    "ping|",
    "quit|",
    "hello|2",
  ]);
});

Deno.test("a CR at the end of a header is dropped by who reads it", () => {
  assertEquals(decodeEverySplit("pub #a 1\r\nx\npub #a 1 k=v\r\ny\nping\r\n"), [
    "#a>pub #a 1\r\nx\n",
    "#a>pub #a 1 k=v\r\ny\n",
    "ping|",
  ]);
});

Deno.test("a length that lies, or is none, breaks the connection off, and nothing is found after it (V3, V6)", () => {
  for (
    const length of [
      "-1",
      "+1",
      "0x10",
      "1e3",
      "01",
      "00",
      "",
      " ",
      "1.0",
      "１",
      "9".repeat(16),
      `1${"0".repeat(30)}`,
      "NaN",
    ]
  ) {
    assertEquals(
      decodeEverySplit(`ping\npub #a ${length}\nx\nping\n`),
      ["ping|", "broken BAD_LENGTH"],
      length,
    );
  }
  assertEquals(decodeEverySplit("pub #a 1\nx\npub #a 2\nx\nping\n"), [
    "#a>pub #a 1\nx\n",
    "broken BAD_LENGTH",
  ], "too long");
  assertEquals(decodeEverySplit("pub #a 1\nxyz\nping\n"), ["broken BAD_LENGTH"], "too short");
  assertEquals(decodeEverySplit("pub #a\nping\n"), ["broken BAD_LENGTH"], "missing");
});

Deno.test("a payload over the limit is refused and passed over, one at the limit is not (V6)", () => {
  const most = "m".repeat(LIMITS.payload);
  assertEquals(decodeEverySplit(`pub #a 100\n${most}\npub #a 101\n${most}x\npub #a 1\ny\n`), [
    `#a>pub #a 100\n${most}\n`,
    "PAYLOAD_TOO_LARGE",
    "#a>pub #a 1\ny\n",
  ]);
});

Deno.test("a header that never ends, and a verb that is not known, break the connection off (V6)", () => {
  assertEquals(decodeEverySplit(`ping\n${"x".repeat(200)}`), ["ping|", "broken LINE_TOO_LONG"]);
  assertEquals(decodeEverySplit(`ping\npub #a 1 k=${"x".repeat(200)}\n`), ["ping|", "broken LINE_TOO_LONG"]);
  assertEquals(decodeEverySplit("p1 pub #a x\nping\n"), ["broken UNKNOWN_COMMAND"]);
  assertEquals(decodeEverySplit("PUB #a 1\nx\nping\n"), ["broken UNKNOWN_COMMAND"]);
});

Deno.test("topics that change are told apart, however much of them is alike, at every split", () => {
  const topics = ["#a", "#ab", "#a", "#abc", "#b", "#", "a", "#a", `#${"l".repeat(30)}`, "#a.\u00e9", "#a"];
  // up to a header of as many bytes as it may have, and more than that
  for (const length of [40, 44, 45, 46, 55]) topics.push(`#${"x".repeat(length)}`, `#${"x".repeat(length)}y`);
  const all = topics.map((topic, at) => `pub ${topic} ${at % 3}\n${"\n".repeat(at % 3)}\n`);
  assertEquals(decodeEverySplit(all.join("")), topics.map((topic, at) => `${topic}>${all[at]}`));
  assertEquals(decodeEverySplit(`${all.at(-1)}pub #${"x".repeat(60)} 1\nx\n`), [
    `${topics.at(-1)}>${all.at(-1)}`,
    "broken LINE_TOO_LONG",
  ]);
});

Deno.test("what was seen of a window is not taken for what stands there in the next", () => {
  const pieces = ["pub #a 3\nxxx\npub #b 1 k", "\nx\nping\n5 3\nabc\n"].map((text) => encoder.encode(text));
  assertEquals(decode(pieces, { moves: true }), [
    "#a>pub #a 3\nxxx\n",
    "BAD_FIELD",
    "ping|",
    "broken UNKNOWN_COMMAND",
  ]);
});

Deno.test("a header that is too long is refused, however long the one before it was", () => {
  const machine = new FrameDecoder({ line: 100, payload: 10 });
  const buffer = new Uint8Array(1024);
  const { written } = encoder.encodeInto(
    `pub #${"x".repeat(70)} 1\nx\npub #${"y".repeat(94)} 1\nx\n`,
    buffer,
  );
  machine.feed(buffer, 0, written);
  assertEquals([machine.next(), machine.next(), machine.refusal], [
    Found.Publishes,
    Found.Broken,
    "LINE_TOO_LONG",
  ]);
});

Deno.test("a header with fields may be as long as one without, a CR at its end or not", () => {
  const fields = ` k=${"v".repeat(LIMITS.line - "pub #a 1 k=".length)}`;
  const fits = `pub #a 1${fields}`;
  assertEquals(fits.length, LIMITS.line);
  for (const end of ["\n", "\r\n"]) {
    const frame = `${fits}${end}x\n`;
    assertEquals(decodeEverySplit(frame + frame), [`#a>${frame}`, `#a>${frame}`]);
    assertEquals(decodeEverySplit(`${fits}v${end}x\n`), ["broken LINE_TOO_LONG"]);
  }
});

Deno.test("a topic that ends in a control character is judged as any other, known or not", () => {
  for (const odd of ["\t", "\r", "\0"]) {
    assertEquals(decodeEverySplit(`pub #a 1\nx\npub #a${odd} 1\nx\npub #b 1\ny\n`), [
      "#a>pub #a 1\nx\n",
      `#a${odd}>pub #a${odd} 1\nx\n`,
      "#b>pub #b 1\ny\n",
    ]);
    assertEquals(decodeEverySplit(`pub #a 1\nx\npub #b${odd}1\nx\n`), [
      "#a>pub #a 1\nx\n",
      "broken BAD_LENGTH",
    ]);
  }
});

Deno.test("a run is a slice of what was read: nothing moves", () => {
  const machine = new FrameDecoder(LIMITS);
  const text = "pub #a 1\n1\npub #a 2\n22\npub #b 1\n3\n";
  const buffer = new Uint8Array(100);
  buffer.set(encoder.encode(text));
  machine.feed(buffer, 0, text.length);
  assertEquals([machine.next(), machine.start, machine.end, machine.count], [Found.Publishes, 0, 23, 2]);
  assertEquals([machine.next(), machine.start, machine.end, machine.count], [Found.Publishes, 23, 34, 1]);
  assertEquals(decoder.decode(buffer.subarray(0, text.length)), text);
});

Deno.test("any bytes, however they are split, decode to the same events", () => {
  const frame = fc.oneof(
    fc.record({
      topic: fc.constantFrom("#a", "a", "#bb", "#b", "#a.b", "#a.bc", ""),
      payload: fc.string({ maxLength: 12 }),
      fields: fc.constantFrom("", " k=v", " k"),
    })
      .map(({ topic, payload, fields }) =>
        `pub ${topic} ${encoder.encode(payload).length}${fields}\n${payload}\n`
      ),
    fc.constantFrom("ping\n", "sub #a\n", "\n", "pub #a 1\r\nx\n", "pub #a 02\nxx\n", "pub #a 5\nxx\n", "q"),
    fc.string({ maxLength: 20 }),
  );
  const text = fc.array(frame, { maxLength: 12 }).map((all) => encoder.encode(all.join("")));
  const cuts = fc.array(fc.nat(200), { maxLength: 10 });
  fc.assert(
    fc.property(text, cuts, (bytes, at) => {
      const places = [...new Set(at.map((place) => Math.min(place, bytes.length)))].sort((a, b) => a - b);
      const pieces = [0, ...places].map((place, index) =>
        bytes.subarray(place, places[index] ?? bytes.length)
      );
      assertEquals(decode(pieces), decode([bytes]));
      assertEquals(decode(pieces, { moves: true }), decode([bytes]));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("of a frame that has begun it is known how long it will be, from when its header is there", () => {
  for (
    const header of [
      "pub #a 50\n",
      "pub #a 50 k=v\n",
      "pub #a 50\r\n",
      "pub #a 50 id=1 ttl=5\r\n",
      "pub  50\n",
    ]
  ) {
    for (const there of ["", "x", "x".repeat(50)]) {
      const { found, machine } = foundIn(header + there);
      assertEquals([found, machine.awaited], [Found.Nothing, header.length + 51], header);
    }
  }
  for (const header of ["", "p", "pub #a", "pub #a 50", "pub #a 50 k=v"]) {
    assertEquals(foundIn(header).machine.awaited, 0, header);
  }
});

Deno.test("what has begun can be passed over, as much as is there and the rest as it comes", () => {
  for (const header of ["pub #a 50\n", "pub #a 50 k=v\r\n", "pub #a 0\n"]) {
    const length = header.includes("50") ? 50 : 0;
    const whole = encoder.encode(`${header}${"x".repeat(length)}\nping\n`);
    for (let there = header.length; there < header.length + length + 1; there++) {
      const machine = new FrameDecoder({ line: 1000, payload: 100 });
      const buffer = new Uint8Array(4096);
      buffer.set(whole.subarray(0, there));
      machine.feed(buffer, 0, there);
      assertEquals(machine.next(), Found.Nothing);
      assertEquals(machine.passOver("BUSY", "no room"), Found.Refused);
      assertEquals([machine.refusal, machine.problem, machine.consumed], ["BUSY", "no room", there]);
      buffer.set(whole.subarray(there), there);
      machine.feed(buffer, there, whole.length);
      assertEquals([machine.next(), machine.request.verb], [Found.Request, "ping"], `${there}`);
    }
  }
  const { machine } = foundIn("pub #a 5");
  assertEquals([machine.passOver("BUSY", "no room"), machine.refusal], [Found.Broken, "BUSY"]);
  assertEquals(machine.next(), Found.Nothing);
});

Deno.test("what begins with a length is no publish, whether one came before or not (V3, V6)", () => {
  const one = "pub #a 1\nx\n";
  for (const digit of ["0\n\n", "1\nx\n", "1 k=v\nx\n"]) {
    assertEquals(decodeEverySplit(`${digit}ping\n`), ["broken UNKNOWN_COMMAND"]);
    assertEquals(decodeEverySplit(`ping\n${digit}`), ["ping|", "broken UNKNOWN_COMMAND"]);
    assertEquals(decodeEverySplit(`${one}${digit}`), [`#a>${one}`, "broken UNKNOWN_COMMAND"]);
  }
});

Deno.test("a length is digits: nothing beside them in ASCII begins or goes on as one, whatever head is known", () => {
  const one = "pub #a 1\nx\n";
  for (const other of "!\"#$%&'()*+,-./:;<=>?@Az") {
    // as long as it would be if that were a digit
    const payload = "x".repeat(Math.max(0, other.charCodeAt(0) - 0x30));
    for (const length of [other, `1${other}`, `${other}1`]) {
      const wrong = `pub #a ${length}\n${payload}\n`;
      assertEquals(decodeEverySplit(wrong).at(-1), "broken BAD_LENGTH", length);
      assertEquals(decodeEverySplit(`${one}${wrong}`), [`#a>${one}`, "broken BAD_LENGTH"], length);
    }
  }
});
