import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ClassicClientDecoder, DELIVERY_MOST } from "../../../lib/protocols/classic/client_decoder.ts";
import { type Bench, bench, cuts } from "./client_bench.ts";

const encoder = new TextEncoder();

/** A decoder on which an `OK` without LF was followed by silence. */
function bareBench(requests = 1): Bench {
  const made = bench({ requests });
  made.decoder.push(encoder.encode("OK"));
  made.decoder.quiet();
  assertEquals([made.decoder.framing, made.seen.length], ["bare", 1]);
  return made;
}

Deno.test("lines mean what the plain reading says, wherever they are cut, to subscribers and publishers", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "OK",
      "ERR_X",
      "ERR why so",
      "#a b c",
      "#a",
      "# x",
      "a b",
      "",
      "\r",
      "#a x\r",
      "O",
      "K OK",
      "OKAY",
    ),
    fc.nat(600).map((length) => `#long ${"x".repeat(length)}`),
  );
  const cutting = fc.array(fc.nat(700), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), cutting, fc.boolean(), (lines, places, publisher) => {
      const text = lines.map((each) => `${each}\n`).join("");
      const made = bench({ requests: 0, publisher });
      // it speaks in lines from its first reply on
      made.decoder.expecting = true;
      made.decoder.push(encoder.encode("OK\n"));
      const all = encoder.encode(text);
      const at = [0, ...places.map((place) => Math.min(place, all.length)), all.length].sort((a, b) => a - b);
      for (let each = 1; each < at.length; each++) made.decoder.push(all.slice(at[each - 1], at[each]));
      const wanted = lines.flatMap((each) => {
        const bare = each.replace(/\r$/, "");
        if (bare === "") return [];
        const [, topic = bare, payload = ""] = /^([^ ]*) (.*)$/.exec(bare) ?? [];
        const isDelivery = bare.startsWith("#") ||
          (bare.includes(" ") && !publisher && !bare.startsWith("ERR"));
        if (!isDelivery) return [`remark ${bare}`];
        return publisher ? [] : [`${topic.startsWith("#") ? topic : `#${topic}`} <- ${payload}`];
      });
      assertEquals(made.seen, ["reply OK", ...wanted]);
      assertEquals([made.decoder.framing, made.decoder.patience], ["lines", undefined]);
    }),
  );
});

Deno.test("how long silence means something: after an OK without end, after another reply, in a bare stream", () => {
  const { decoder } = bench({ requests: 2 });
  assertEquals(decoder.patience, undefined, "nothing has come");
  decoder.push(encoder.encode("O"));
  assertEquals(decoder.patience, 200);
  decoder.push(encoder.encode("K"));
  assertEquals(decoder.patience, 50);
  decoder.push(encoder.encode("\r"));
  assertEquals([decoder.patience, decoder.framing], [50, "unknown"]);
  decoder.push(encoder.encode("\n"));
  assertEquals([decoder.patience, decoder.framing], [undefined, "lines"]);
  decoder.quiet();
  assertEquals(decoder.framing, "lines", "silence says nothing there");
  const unasked = bench({ requests: 0 }).decoder;
  unasked.push(encoder.encode("ERR"));
  assertEquals(unasked.patience, undefined, "nobody waits for it");
  unasked.quiet();
  assertEquals(unasked.framing, "unknown");
  const bare = bareBench().decoder;
  assertEquals(bare.patience, undefined);
  bare.push(encoder.encode("#"));
  assertEquals(bare.patience, 20);
});

Deno.test("behind an OK a CR and an LF belong to it, and nothing else does", () => {
  for (
    const [text, seen, framing] of [
      ["OK\r\nOK\n", ["reply OK", "reply OK"], "lines"],
      ["OK\n\nOK", ["reply OK", "reply OK"], "lines"],
      ["OK\r\rERR\n", ["reply OK", "reply \rERR"], "bare"],
      ["OK\rOK", ["reply OK", "reply OK"], "bare"],
      ["OKERR_X\n", ["reply OK", "reply ERR_X"], "bare"],
      ["OK#a b\nOK", ["reply OK", "#a <- b", "reply OK"], "bare"],
      ["ERR_X\nOK", ["reply ERR_X", "reply OK"], "lines"],
      ["a b\n", ["#a <- b"], "unknown"],
    ] as const
  ) {
    for (const chunks of cuts(text)) {
      const made = bench({ requests: 2 });
      for (const chunk of chunks) made.decoder.push(chunk);
      assertEquals([made.seen, made.decoder.framing], [[...seen], framing], JSON.stringify(text));
    }
  }
});

Deno.test("in a bare stream a read that begins with # or, where a reply is due, with OK is a message of its own", () => {
  const { decoder, seen } = bareBench(2);
  decoder.push(encoder.encode("#a one"));
  decoder.push(encoder.encode("OnK"));
  decoder.push(encoder.encode("#b"));
  assertEquals(seen.slice(1), ["#a <- oneOnK"]);
  decoder.push(encoder.encode("xOK"));
  decoder.push(encoder.encode("OK"));
  assertEquals(seen.slice(2), ["#bxOK <- ", "reply OK"]);
  decoder.push(encoder.encode("#c OK"));
  decoder.push(encoder.encode("OK"));
  decoder.quiet();
  assertEquals(seen.slice(4), ["#c <- OKOK"], "no reply is due any more");
  decoder.push(encoder.encode("\n"));
  decoder.push(encoder.encode("#d x"));
  assertEquals([decoder.framing, decoder.patience, seen.length], ["lines", undefined, 5]);
});

Deno.test("an LF that comes within a bare stream ends a message, and is no sign where something waits", () => {
  const { decoder, seen } = bareBench();
  decoder.push(encoder.encode("#a one"));
  decoder.push(encoder.encode("\n"));
  assertEquals([seen.at(-1), decoder.framing], ["#a <- one", "bare"]);
  decoder.push(encoder.encode("\n#a two"));
  assertEquals(decoder.framing, "lines");
  decoder.push(encoder.encode("\n"));
  assertEquals(seen.slice(1), ["#a <- one", "#a <- two"]);
});

Deno.test("what has not ended is kept, whatever it takes, up to its limit, and its memory is the receiver's", () => {
  for (const length of [1, 255, 256, 257, 4095, 4096, 4097, 100_000]) {
    const { decoder, seen, payloads } = bench({ requests: 0 });
    const text = `#t ${"y".repeat(length)}`;
    for (let at = 0; at < text.length; at += 97) decoder.push(encoder.encode(text.slice(at, at + 97)));
    decoder.push(encoder.encode("\n"));
    decoder.push(encoder.encode("#t z"));
    decoder.push(encoder.encode("z\n"));
    assertEquals(seen, [`#t <- ${"y".repeat(length)}`, "#t <- zz"]);
    assertEquals(payloads[0]!.length, length);
    assertEquals(payloads[0]!.every((byte) => byte === 0x79), true, "nothing was written over");
  }
  const { decoder } = bench({ requests: 0 });
  const piece = new Uint8Array(DELIVERY_MOST / 17).fill(0x78);
  for (let times = 0; times < 17; times++) decoder.push(piece);
  assertThrows(() => decoder.push(Uint8Array.of(0x78)), RangeError, `more than ${DELIVERY_MOST} bytes`);
});

Deno.test("after the end nothing is left of what was cut short", () => {
  const { decoder, seen } = bench({ requests: 0 });
  decoder.push(encoder.encode("#a hal"));
  decoder.end();
  decoder.end();
  decoder.push(encoder.encode("#b x\n"));
  assertEquals(seen, ["#b <- x"]);
  const short = bench({ requests: 0 });
  short.decoder.push(encoder.encode("E"));
  short.decoder.end();
  assertEquals(short.seen, ["remark E"]);
});

Deno.test("an LF that comes late is all that belongs to the OK before it: a CR behind it is the next line's", () => {
  for (const [begin, topic] of [["\r", "#\r#a"], ["\n", "#a"], ["\r\n", "#a"], ["", "#a"]] as const) {
    const made = bareBench();
    made.decoder.push(encoder.encode("\n"));
    made.decoder.push(encoder.encode(`${begin}#a x\n`));
    assertEquals([made.seen, made.decoder.framing], [["reply OK", `${topic} <- x`], "lines"]);
  }
});

Deno.test("an OK that sticks to a delivery is the reply, when the next delivery comes as well as when silence does", () => {
  const { decoder, seen } = bareBench(2);
  decoder.push(encoder.encode("#a oneOK"));
  decoder.push(encoder.encode("#b two"));
  assertEquals(seen.slice(1), ["#a <- one", "reply OK"]);
  decoder.quiet();
  assertEquals(seen.slice(3), ["#b <- two"]);
});

Deno.test("a reply that is told is no longer due, and what follows is a remark", () => {
  const seen: string[] = [];
  const decoder: ClassicClientDecoder = new ClassicClientDecoder({
    reply: (text) => seen.push(`reply ${text} ${decoder.expecting}`),
    remark: (text) => seen.push(`remark ${text}`),
  });
  for (const text of ["OK", "ERR_X"]) {
    decoder.expecting = true;
    decoder.push(encoder.encode(`${text}\n${text}\n`));
    assertEquals(decoder.expecting, false);
  }
  assertEquals(seen, ["reply OK false", "remark OK", "reply ERR_X false", "remark ERR_X"]);
});

Deno.test("a line that begins with a space has a topic of no name", () => {
  const { decoder, seen } = bench({ requests: 0 });
  decoder.push(encoder.encode(" a b\n"));
  assertEquals(seen, ["# <- a b"]);
});
