import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { LARGEST_LIMITS } from "../../../lib/limits.ts";
import { encodeField, encodeHeader, parseFields } from "../../../lib/wire/fields.ts";
import { FrameClientDecoder, FrameFound } from "../../../lib/protocols/frames/client_decoder.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Everything a decoder finds in some chunks, as text; the last is `broken …` where it gave up. */
function read(chunks: Iterable<Uint8Array>): string[] {
  const frames = new FrameClientDecoder();
  const seen: string[] = [];
  for (const chunk of chunks) {
    frames.push(chunk);
    for (let found = frames.next(); found !== FrameFound.Nothing; found = frames.next()) {
      if (found === FrameFound.Broken) return [...seen, `broken ${frames.problem}`];
      if (found === FrameFound.Line) {
        seen.push(JSON.stringify(frames.line));
        continue;
      }
      const { bytes, payloadStart, payloadEnd, fieldsStart, fieldsEnd } = frames;
      const fields = decoder.decode(bytes.subarray(fieldsStart, fieldsEnd));
      if (found === FrameFound.Stored) seen.push(`${frames.seq} at ${frames.time}`);
      if (found === FrameFound.Shared) {
        const { group, seq, time } = frames;
        seen.push(seq === -1 ? `for ${group}` : `for ${group}, ${seq} at ${time}`);
      }
      seen.push(`${frames.topic}${fields} <- ${decoder.decode(bytes.subarray(payloadStart, payloadEnd))}`);
    }
  }
  return seen;
}

/** Whole, cut in two at every place, in three at every other, and byte by byte. */
function* cuts(text: string): Generator<Uint8Array[]> {
  const bytes = encoder.encode(text);
  yield [bytes];
  for (let at = 1; at < bytes.length; at++) {
    yield [bytes.slice(0, at), bytes.slice(at)];
    const next = Math.min(bytes.length, at + 7);
    yield [bytes.slice(0, at), bytes.slice(at, next), bytes.slice(next)];
  }
  yield [...bytes].map((byte) => Uint8Array.of(byte));
}

function expectAtEveryCut(text: string, wanted: readonly string[]): void {
  for (const chunks of cuts(text)) {
    assertEquals(read(chunks), wanted, `cut at ${chunks.slice(0, -1).map(({ length }) => length)}`);
  }
}

Deno.test("deliveries are taken apart wherever the reads cut: LF, NUL, fields, other topics, empty ones", () => {
  expectAtEveryCut(
    "pub #a 3\none\npub #a 5\nt\nw\0o\npub #größe 0\n\npub #a 4 h.x=1 key=k\nfour\npub #ab 1\r\n5\n" +
      "pub #ab 11 x=y\r\npub #a 1\n5\n\n",
    [
      "#a <- one",
      "#a <- t\nw\0o",
      "#größe <- ",
      "#a h.x=1 key=k <- four",
      "#ab <- 5",
      "#ab x=y <- pub #a 1\n5\n",
    ],
  );
});

Deno.test("a length with zeros before it is that length wherever the reads cut", () => {
  expectAtEveryCut("pub #a 0000000000000003\none\npub #a 0000000000000001 k=v\nx\n", [
    "#a <- one",
    "#a k=v <- x",
  ]);
});

Deno.test("everything else a broker says is taken apart wherever the reads cut", () => {
  expectAtEveryCut(
    'info {"max":{"line":65536}}\nok 1000 level=memory subs=2\nok 2\nok 3 seq=7 level=synced\nok 1 from=12\n' +
      "err BAD_TOPIC a topic has no white space\nerr DENIED\npub #a 1\nx\ngap #a.> 12 from=3 to=14\npong\ninfo no JSON\nbye QUIT goodbye\n",
    [
      '{"verb":"info","fields":{"max":{"line":65536}}}',
      '{"verb":"ok","count":1000,"receipt":{"level":"memory","subs":2}}',
      '{"verb":"ok","count":2,"receipt":{}}',
      '{"verb":"ok","count":3,"receipt":{"seq":7,"level":"synced"}}',
      '{"verb":"ok","count":1,"receipt":{"from":12}}',
      '{"verb":"err","code":"BAD_TOPIC","text":"a topic has no white space"}',
      '{"verb":"err","code":"DENIED","text":""}',
      "#a <- x",
      '{"verb":"gap","pattern":"#a.>","count":12}',
      '{"verb":"pong"}',
      '{"verb":"info","fields":{}}',
      '{"verb":"bye","code":"QUIT","text":"goodbye"}',
    ],
  );
});

Deno.test("batches are taken apart wherever the reads cut, each message with its number, those around them without", () => {
  const first = "pub #a 3\none\npub #a 5 h.x=1\nt\nw\0o\n";
  const second = "pub #größe 0\n\n";
  const bytes = (text: string): number => encoder.encode(text).length;
  expectAtEveryCut(
    "pub #a 1\nx\n" +
      `batch #a 2 ${bytes(first)} seq=7 ts=1700000000000\n${first}` +
      `batch #größe 1 ${bytes(second)} ts=1700000000001 more=1 seq=1\r\n${second}` +
      `info {"live":"#>"}\npub #größe 1\ny\nbatch #a 1 ${bytes("pub #a 1\nz\n")} seq=9 ts=0\npub #a 1\nz\n`,
    [
      "#a <- x",
      "7 at 1700000000000",
      "#a <- one",
      "8 at 1700000000000",
      "#a h.x=1 <- t\nw\0o",
      "1 at 1700000000001",
      "#größe <- ",
      '{"verb":"info","fields":{"live":"#>"}}',
      "#größe <- y",
      "9 at 0",
      "#a <- z",
    ],
  );
});

Deno.test("a group's messages are told wherever the reads cut, with what stands behind it, and those around are not (G2)", () => {
  const two = "pub #a 3\none\npub #a 3 k=v\ntwo\n";
  const one = "pub #b.c 1\nx\n";
  expectAtEveryCut(
    `pub #a 1\ny\nbatch #a 2 ${two.length} group=workers\n${two}pub #a 1\nz\n` +
      `batch #b.c 1 ${one.length} group=größe\r\n${one}batch #b.c 1 ${one.length} group=größe\n${one}` +
      `batch #b.c 1 ${one.length} group=grö\n${one}` +
      `batch #a 2 ${two.length} attempt=3 seq=7 new=1 group=workers of=8 ts=1700000000000\n${two}` +
      `batch #a 2 ${two.length} seq=9 ts=1700000000001\n${two}batch #b.c 1 ${one.length} group=g seq=4\n${one}` +
      `batch #b.c 1 ${one.length} grouped=x group=g\n${one}gap #a 3\npub #b.c 1\nx\n`,
    [
      "#a <- y",
      "for workers",
      "#a <- one",
      "for workers",
      "#a k=v <- two",
      "#a <- z",
      "for größe",
      "#b.c <- x",
      "for größe",
      "#b.c <- x",
      "for grö",
      "#b.c <- x",
      "for workers, 7 at 1700000000000",
      "#a <- one",
      "for workers, 8 at 1700000000000",
      "#a k=v <- two",
      "9 at 1700000000001",
      "#a <- one",
      "10 at 1700000000001",
      "#a k=v <- two",
      "for g, 4 at -1",
      "#b.c <- x",
      "for g",
      "#b.c <- x",
      '{"verb":"gap","pattern":"#a","count":3}',
      "#b.c <- x",
    ],
  );
});

Deno.test("of a group's batches with the same topic nothing is decoded or copied after the first, though each holds one message", () => {
  const bytes = encoder.encode("batch #a.b 1 13 group=workers\npub #a.b 1\nx\n".repeat(1000));
  const frames = new FrameClientDecoder();
  using made = countCalls(TextDecoder.prototype, "decode");
  using copied = countCalls(Uint8Array.prototype, "slice");
  using viewed = countCalls(Uint8Array.prototype, "subarray");
  frames.push(bytes);
  let messages = 0;
  while (frames.next() === FrameFound.Shared) messages++;
  assertEquals(messages, 1000);
  assert(made.calls + copied.calls + viewed.calls < 20);
});

/** Counts the calls of a method until it is disposed of. */
function countCalls(of: object, name: string): Disposable & { readonly calls: number } {
  const own = Object.getOwnPropertyDescriptor(of, name);
  const real = Reflect.get(of, name) as (...given: unknown[]) => unknown;
  let calls = 0;
  const counting = function (this: unknown, ...given: unknown[]): unknown {
    calls++;
    return real.apply(this, given);
  };
  Object.defineProperty(of, name, { value: counting, configurable: true, writable: true });
  return {
    get calls() {
      return calls;
    },
    [Symbol.dispose]: () => {
      if (own === undefined) Reflect.deleteProperty(of, name);
      else Object.defineProperty(of, name, own);
    },
  };
}

Deno.test("a batch that is not what its header says breaks the stream", () => {
  const frame = "pub #a 1\nx\n";
  const broken: [string, number, string][] = [
    [`batch #a 1 10 seq=1 ts=1\n${frame}`, 0, "a batch is not as long as it says"],
    [`batch #a 2 12 seq=1 ts=1\n${frame}${frame}`, 1, "a batch is not as long as it says"],
    [`batch #a 2 11 seq=1 ts=1\n${frame}${frame}`, 0, "a batch is not as long as it says"],
    [`batch #b 1 11 seq=1 ts=1\n${frame}`, 0, "a batch holds a message to another topic"],
    [`batch #a 2 22 seq=1 ts=1\n${frame}ok 1\n`, 1, '"ok 1" came within a batch'],
    ["batch #a 0 0 seq=1 ts=1\n", 0, '"batch #a 0 0 seq=1 ts=1" came'],
    ["batch #a 1 11 seq=1\n", 0, '"batch #a 1 11 seq=1" came'],
    ["batch #a 1 11 seq=x ts=1\n", 0, '"batch #a 1 11 seq=x ts=1" came'],
    ["batch #a 1 -1 seq=1 ts=1\n", 0, '"batch #a 1 -1 seq=1 ts=1" came'],
    ["batch #a 1 11\n", 0, '"batch #a 1 11" came'],
    ["batch #a 1\n", 0, '"batch #a 1" came'],
    ["batch \n", 0, '"batch " came'],
    ["batch  1 11 group=g\n", 0, '"batch  1 11 group=g" came'],
    ["batch #a 1 11 group=\n", 0, '"batch #a 1 11 group=" came'],
    ["batch #a 0 0 group=g\n", 0, '"batch #a 0 0 group=g" came'],
    ["batch #a 1 11 group=g seq=x\n", 0, '"batch #a 1 11 group=g seq=x" came'],
    ["batch #a 1 11 group=g ts=\n", 0, '"batch #a 1 11 group=g ts=" came'],
    ["batch #a 1 1234567890123456 group=g\n", 0, '"batch #a 1 1234567890123456 group=g" came'],
    [`batch #b 1 11 group=g\n${frame}`, 0, "a batch holds a message to another topic"],
    [
      `batch #a 2 22 group=g\n${frame}batch #a 1 11 group=g\n`,
      1,
      '"batch #a 1 11 group=g" came within a batch',
    ],
  ];
  for (const [text, messages, problem] of broken) {
    for (const chunks of cuts(`${text}${frame}`)) {
      const seen = read(chunks);
      assertEquals(seen.at(-1), `broken ${problem}`);
      assertEquals(seen.length, 2 * messages + 1, text);
    }
  }
});

Deno.test("what is no frame breaks the stream, and nothing is found behind it", () => {
  const broken: [string, string][] = [
    ["shout #a\n", '"shout #a" came'],
    ["\n", '"" came'],
    ["ok many\n", '"ok many" came'],
    ["gap #a x\n", '"gap #a x" came'],
    ["pub #a\n", "a delivery without a length came"],
    ["pub #a -1\nx\n", 'a delivery of "-…" bytes came'],
    ["pub #a 1x\nx\n", "a delivery without a length came"],
    ["pub #a 1\nxy\n", "a delivery does not end after its 1 bytes"],
    [`pub #a ${LARGEST_LIMITS.payload + 1}\n`, "a delivery of"],
    ["pub #a 1000000000000000000000000000000\nx\n", "a delivery of"],
  ];
  for (const [text, problem] of broken) {
    for (const chunks of cuts(`pub #a 1\ny\n${text}pub #a 1\nz\n`)) {
      const seen = read(chunks);
      assertEquals(seen.length, 2, text);
      assertEquals(seen[0], "#a <- y");
      assertStringIncludes(seen[1] ?? "", `broken ${problem}`);
    }
  }
});

Deno.test("a header without an end breaks the stream instead of filling the memory", () => {
  const chunk = encoder.encode("x".repeat(64 * 1024));
  const seen = read(Array.from({ length: 20 }, () => chunk));
  assertEquals(seen, ["broken a header without an end came"]);
});

Deno.test("a payload larger than many reads is put together once", () => {
  const payload = "0123456789".repeat(100_000);
  const bytes = encoder.encode(`pub #a ${payload.length}\n${payload}\npub #a 1\nx\n`);
  for (const size of [1000, 4096, 65_536, bytes.length - 3]) {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
    assertEquals(read(chunks), [`#a <- ${payload}`, "#a <- x"]);
  }
});

Deno.test("any messages, cut anywhere, come out as they went in", () => {
  const topic = fc.constantFrom("#a", "#b", "#longer.topic", "#ä");
  const message = fc.record({
    topic,
    payload: fc.uint8Array({ maxLength: 40 }),
    fields: fc.constantFrom("", " key=1", " h.a=b h.c="),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.array(fc.nat({ max: 300 })), (messages, places) => {
      const parts: number[] = [];
      for (const { topic, payload, fields } of messages) {
        parts.push(...encoder.encode(`pub ${topic} ${payload.length}${fields}\n`), ...payload, 0x0a);
      }
      const bytes = Uint8Array.from(parts);
      const ends = [...places.filter((place) => place < bytes.length), bytes.length].sort((a, b) => a - b);
      let start = 0;
      const chunks = ends.map((end) => bytes.slice(start, start = end));
      const wanted = messages.map(({ topic, payload, fields }) =>
        `${topic}${fields} <- ${decoder.decode(payload)}`
      );
      assertEquals(read(chunks), wanted);
    }),
  );
});

Deno.test("fields come back as they were given: white space, percent signs, anything in a name (V4)", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ unit: "grapheme" })),
      (headers) => {
        const wanted = Object.entries(headers);
        const text = wanted.map(([name, value]) => encodeHeader(name, value)).join("") +
          encodeField("key", "a b%\n");
        assert(!/[\n\r\t]| {2}/.test(text), text);
        const parsed = parseFields(text);
        assertEquals([...parsed.headers], wanted);
        assertEquals([...parsed.others], [["key", "a b%\n"]]);
      },
    ),
  );
});

Deno.test("fields of other hands are read as far as they make sense", () => {
  const { headers, others } = parseFields(" a=1 nonsense =x h.=empty h.p=100% h.q=%ff a=2 b=");
  assertEquals([...headers], [["", "empty"], ["p", "100%"], ["q", "%ff"]]);
  assertEquals([...others], [["a", "2"], ["b", ""]]);
});

Deno.test("it is unfinished just where a frame or a batch is, and finds nothing once it is broken", () => {
  const parts = [
    "ok 1\n",
    "pub #a 3\none\n",
    "batch #a 2 22 seq=1 ts=5\npub #a 1\nx\npub #a 1\ny\n",
    "pong\n",
    "pub #b 0\n\n",
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...parts), { maxLength: 5 }),
      fc.array(fc.nat(120)),
      (list, places) => {
        const bytes = encoder.encode(list.join(""));
        const ends = new Set([0]);
        list.reduce((at, each) => (ends.add(at + each.length), at + each.length), 0);
        const frames = new FrameClientDecoder();
        let from = 0;
        for (
          const place of [...places, bytes.length].map((each) => Math.min(each, bytes.length)).sort((a, b) =>
            a - b
          )
        ) {
          frames.push(bytes.slice(from, place));
          from = place;
          while (frames.next() !== FrameFound.Nothing);
          assertEquals(frames.unfinished, !ends.has(place), `at ${place} of ${JSON.stringify(list)}`);
        }
      },
    ),
  );
  const broken = new FrameClientDecoder();
  broken.push(encoder.encode("pub #a 3\non"));
  assertEquals([broken.next(), broken.unfinished], [FrameFound.Nothing, true]);
  broken.push(encoder.encode("exyz"));
  assertEquals([broken.next(), broken.unfinished], [FrameFound.Broken, false]);
  const { problem } = broken;
  broken.push(encoder.encode("ok 1\n"));
  assertEquals([broken.next(), broken.next(), broken.problem], [
    FrameFound.Broken,
    FrameFound.Broken,
    problem,
  ]);
});

Deno.test("a length is at most the largest payload a broker can be set to", () => {
  const most = LARGEST_LIMITS.payload;
  const first = (length: number): FrameFound => {
    const frames = new FrameClientDecoder();
    frames.push(encoder.encode(`pub #a ${length}\n`));
    return frames.next();
  };
  assertEquals([first(most), first(most + 1)], [FrameFound.Nothing, FrameFound.Broken]);
});

Deno.test("a header longer than any broker writes ends it, wherever the reads cut", () => {
  const most = LARGEST_LIMITS.line + 1;
  const long = encoder.encode(`pub #a ${"1".repeat(most)}`);
  for (const first of [1, 7, most, most + 1, long.length]) {
    const seen = read([long.subarray(0, first), long.subarray(first)]);
    assertEquals(seen, ["broken a header without an end came"], `${first}`);
  }
  assertEquals(read([long.subarray(0, most)]), [], "so long it may be");
});

Deno.test("stored messages have the numbers that their batch says, also of a broker that counts from 0 (D2)", () => {
  for (const first of [0, 1, 7]) {
    const text = `batch #a 2 24 seq=${first} ts=5\npub #a 3\none\npub #a 1\n2\n`;
    expectAtEveryCut(text, [`${first} at 5`, "#a <- one", `${first + 1} at 5`, "#a <- 2"]);
  }
});
