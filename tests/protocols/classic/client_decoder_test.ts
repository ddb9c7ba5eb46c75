import { assertEquals, assertThrows } from "@std/assert";
import { ClassicClientDecoder, DELIVERY_MOST } from "../../../lib/protocols/classic/client_decoder.ts";
import { encodePublish, encodeRequest } from "../../../lib/protocols/classic/client_requests.ts";
import { bench, cuts, expectAtEveryCut } from "./client_bench.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("requests are encoded as the lines of the protocol", () => {
  assertEquals(decoder.decode(encodeRequest("s1", "sub", "#hello")), "s1 sub #hello\n");
  assertEquals(decoder.decode(encodeRequest("p1", "quit")), "p1 quit\n");
  assertEquals(
    decoder.decode(encodePublish("p1", "#hello", encoder.encode("hi  there "))),
    "p1 pub #hello hi  there \n",
  );
  assertEquals(decoder.decode(encodePublish("p1", "#hello", new Uint8Array())), "p1 pub #hello \n");
});

Deno.test("a published payload is copied as it is, every byte but LF included", () => {
  const payload = Uint8Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0x0a);
  const request = encodePublish("p1", "#b", payload);
  payload.fill(0);
  assertEquals(request.at(-2), 255);
  assertEquals(request.length, "p1 pub #b ".length + 255 + 1);
});

Deno.test("replies and deliveries are told apart, wherever the reads cut (C3)", () => {
  expectAtEveryCut("OK\n#hello hi\n#hello hi there \nERR_BAD_TOPIC\n#a.b \n", [
    "reply OK",
    "#hello <- hi",
    "#hello <- hi there ",
    "reply ERR_BAD_TOPIC",
    "#a.b <- ",
  ], { requests: 2 });
});

Deno.test("deliveries before a reply do not answer the request, wherever the reads cut", () => {
  expectAtEveryCut("#a OK\n#a ERR_X\nOK\n", ["#a <- OK", "#a <- ERR_X", "reply OK"]);
});

Deno.test("a CR before the LF is dropped and empty lines are ignored, wherever the reads cut", () => {
  expectAtEveryCut("\n\r\nOK\r\n\n#a x\r\n\r\n#a y\r\rz\n", ["reply OK", "#a <- x", "#a <- y\r\rz"]);
});

Deno.test("topics and payloads of several bytes a character survive every cut", () => {
  expectAtEveryCut("OK\n#größe 1,5 m – groß\n#日本 🎉\n", [
    "reply OK",
    "#größe <- 1,5 m – groß",
    "#日本 <- 🎉",
  ]);
});

Deno.test("a payload that is no UTF-8 arrives byte for byte at every cut", () => {
  const payload = [0xff, 0x00, 0xc3, 0x28, 0xef, 0xbb, 0xbf, 0x20, 0x23, 0x0d, 0x80];
  const stream = Uint8Array.from([...encoder.encode("OK\n#b "), ...payload, 0x0a]);
  for (const chunks of cuts(stream)) {
    const { decoder, payloads } = bench();
    for (const chunk of chunks) decoder.push(chunk);
    assertEquals(payloads.map((bytes) => [...bytes]), [payload]);
  }
});

Deno.test("a payload stays as it was while later reads come", () => {
  const { decoder: made, payloads } = bench();
  made.push(encoder.encode("OK\n#a fir"));
  made.push(encoder.encode("st\n#a second\n#a th"));
  made.push(encoder.encode("ird\n"));
  assertEquals(payloads.map((bytes) => decoder.decode(bytes)), ["first", "second", "third"]);
});

Deno.test("a topic that shares its length and some bytes with another keeps its own name", () => {
  const names = Array.from({ length: 2000 }, (_, n) => `#t${String(n).padStart(4, "0")}`);
  const { decoder: made, seen } = bench({ requests: 0 });
  made.push(encoder.encode([...names, ...names].map((name) => `${name} x\n`).join("")));
  assertEquals(seen, [...names, ...names].map((name) => `${name} <- x`));
});

Deno.test("a broker's topic without # is read with it", () => {
  expectAtEveryCut("OK\nhello hi\n", ["reply OK", "#hello <- hi"]);
});

Deno.test("a topic alone is a delivery of an empty message", () => {
  expectAtEveryCut("OK\n#hello\n", ["reply OK", "#hello <- "]);
});

Deno.test("an error with words behind it is a reply and no delivery", () => {
  expectAtEveryCut("ERR_DENIED not for you\n", ["reply ERR_DENIED not for you"]);
});

Deno.test("to a publisher every line is a reply or a remark, whatever is in it", () => {
  expectAtEveryCut("not today\nBUSY NOW\n", ["reply not today", "remark BUSY NOW"], { publisher: true });
});

Deno.test("a line nobody asked for is a remark", () => {
  expectAtEveryCut("ERR_TOO_MANY_CONNECTIONS\n", ["remark ERR_TOO_MANY_CONNECTIONS"], { requests: 0 });
});

Deno.test("an OK without LF is the reply at once", () => {
  for (const chunks of cuts("OK")) {
    const { decoder, seen } = bench();
    for (const chunk of chunks) decoder.push(chunk);
    assertEquals(seen, ["reply OK"]);
  }
});

Deno.test("an OK whose LF comes late is one reply and the stream has lines", () => {
  const { decoder, seen } = bench({ requests: 2 });
  decoder.push(encoder.encode("OK"));
  decoder.push(encoder.encode("\n"));
  decoder.push(encoder.encode("OK\n"));
  assertEquals(seen, ["reply OK", "reply OK"]);
  assertEquals(decoder.framing, "lines");
});

Deno.test("replies without LF that arrive in one piece are separate replies", () => {
  expectAtEveryCut("OKOKOK", ["reply OK", "reply OK", "reply OK"], { requests: 3 });
});

Deno.test("a delivery that follows an OK directly makes the stream bare, and silence ends it", () => {
  for (const chunks of cuts("OK#hello hi")) {
    const { decoder, seen } = bench();
    for (const chunk of chunks) decoder.push(chunk);
    assertEquals(seen, ["reply OK"]);
    assertEquals(decoder.framing, "bare");
    assertEquals(decoder.patience, 20);
    decoder.quiet();
    assertEquals(seen, ["reply OK", "#hello <- hi"]);
    assertEquals(decoder.patience, undefined);
  }
});

Deno.test("silence after an OK without LF makes the stream bare, and each read is a message", () => {
  const { decoder, seen } = bench();
  decoder.push(encoder.encode("OK"));
  assertEquals([decoder.framing, decoder.patience], ["unknown", 50]);
  decoder.quiet();
  assertEquals([decoder.framing, decoder.patience], ["bare", undefined]);
  decoder.push(encoder.encode("#a one"));
  decoder.push(encoder.encode("#a two"));
  decoder.push(encoder.encode(" and more"));
  decoder.quiet();
  decoder.push(encoder.encode("#a three\n#a four\n"));
  assertEquals(seen, ["reply OK", "#a <- one", "#a <- two and more", "#a <- three", "#a <- four"]);
});

Deno.test("a late LF takes a bare stream back to lines, so that silence no longer cuts", () => {
  const { decoder, seen } = bench();
  decoder.push(encoder.encode("OK"));
  decoder.quiet();
  decoder.push(encoder.encode("\n#a on"));
  assertEquals([decoder.framing, decoder.patience], ["lines", undefined]);
  decoder.quiet();
  decoder.push(encoder.encode("e\n"));
  assertEquals(seen, ["reply OK", "#a <- one"]);
});

Deno.test("in a bare stream an OK that sticks to a delivery answers the request after silence", () => {
  const { decoder, seen } = bench({ requests: 2 });
  decoder.push(encoder.encode("OK"));
  decoder.quiet();
  decoder.push(encoder.encode("#a oneOK"));
  assertEquals(seen, ["reply OK"]);
  decoder.quiet();
  assertEquals(seen, ["reply OK", "#a <- one", "reply OK"]);
  decoder.push(encoder.encode("#a it is OK"));
  decoder.quiet();
  assertEquals(seen.at(-1), "#a <- it is OK");
});

Deno.test("in a bare stream a read that begins with OK ends the delivery before it", () => {
  const { decoder, seen } = bench({ requests: 2 });
  decoder.push(encoder.encode("OK"));
  decoder.quiet();
  decoder.push(encoder.encode("#a not OK"));
  decoder.push(encoder.encode("OK"));
  assertEquals(seen, ["reply OK", "#a <- not OK", "reply OK"]);
});

Deno.test("an error without LF is the reply after silence, and the stream is bare", () => {
  const { decoder, seen } = bench();
  decoder.push(encoder.encode("ERR_BAD_TOPIC"));
  assertEquals([seen, decoder.patience], [[], 200]);
  decoder.quiet();
  assertEquals([seen, decoder.framing], [["reply ERR_BAD_TOPIC"], "bare"]);
});

Deno.test("silence means nothing in a stream of lines", () => {
  const { decoder, seen } = bench();
  decoder.push(encoder.encode("OK\n#a on"));
  assertEquals(decoder.patience, undefined);
  decoder.quiet();
  decoder.push(encoder.encode("e\n"));
  assertEquals(seen, ["reply OK", "#a <- one"]);
});

Deno.test("at the end a remark without LF counts, a delivery cut short does not", () => {
  const turnedAway = bench({ requests: 0 });
  turnedAway.decoder.push(encoder.encode("ERR_TOO_MANY_CONNECTIONS"));
  turnedAway.decoder.end();
  assertEquals(turnedAway.seen, ["remark ERR_TOO_MANY_CONNECTIONS"]);

  const cutShort = bench();
  cutShort.decoder.push(encoder.encode("OK\n#a hal"));
  cutShort.decoder.end();
  assertEquals(cutShort.seen, ["reply OK"]);

  const bare = bench();
  bare.decoder.push(encoder.encode("OK#a whole"));
  bare.decoder.end();
  assertEquals(bare.seen, ["reply OK", "#a <- whole"]);
});

Deno.test("a line over the limit is an error instead of memory without end", () => {
  const { decoder } = bench({ requests: 0 });
  const piece = new Uint8Array(1024 * 1024).fill(0x78);
  assertThrows(() => {
    for (let sent = 0; sent <= DELIVERY_MOST; sent += piece.length) decoder.push(piece);
  }, RangeError);
});

Deno.test("an LF that comes late behind an OK shows that lines have ends: nothing is cut by a pause from then on", () => {
  const said: string[] = [];
  const decoder = new ClassicClientDecoder({
    reply: (text) => said.push(text),
    remark: (text) => said.push(`remark ${text}`),
    delivery: (topic, payload) => said.push(`${topic} ${new TextDecoder().decode(payload)}`),
  });
  const push = (text: string): void => decoder.push(new TextEncoder().encode(text));
  decoder.expecting = true;
  push("OK");
  decoder.quiet();
  assertEquals(decoder.framing, "bare");
  push("\n#a one and");
  assertEquals([decoder.framing, decoder.patience], ["lines", undefined]);
  push(" two\n");
  assertEquals(said, ["OK", "#a one and two"]);
});

Deno.test("a delivery that an OK sticks to is a delivery whatever it says, and the OK the reply", () => {
  for (const payload of ["x", "", "ERR", "two words"]) {
    const { decoder, seen } = bench({ requests: 2 });
    decoder.push(encoder.encode(`OK#ERR ${payload}OK`));
    decoder.quiet();
    assertEquals(seen, ["reply OK", `#ERR <- ${payload}`, "reply OK"]);
  }
});
