import { assertEquals, assertThrows } from "@std/assert";
import { Arrival } from "../../bench/load/crowd/arrival.ts";
import { Tally } from "../../bench/load/crowd/tally.ts";
import { DIALECTS } from "../../bench/load/dialects/mod.ts";
import { LATER, type Source } from "../../bench/load/sockets/socket.ts";

const encoder = new TextEncoder();

/** Has these pieces, a read each. */
function source(...pieces: readonly string[]): Source {
  const left = pieces.map((piece) => encoder.encode(piece));
  return {
    read(into): number {
      const piece = left.shift();
      if (piece === undefined) return LATER;
      into.set(piece);
      return piece.length;
    },
  };
}

/** The two parts of a text, cut at every place. */
function cuts(text: string): readonly (readonly [string, string])[] {
  return Array.from({ length: text.length - 1 }, (_, at) => [text.slice(0, at + 1), text.slice(at + 1)]);
}

function tallyOf(dialect: keyof typeof DIALECTS, subscribers: number): Tally {
  const replies = DIALECTS[dialect].replies(subscribers);
  if (replies === null) throw new Error(`${dialect} has no replies`);
  return new Tally(replies, DIALECTS[dialect].interjection);
}

for (
  const [dialect, subscribers, said, messages] of [
    ["hashbus", 1, "OK\nOK\nOK\n", 3],
    ["hashbus2", 1, "ok 2 level=memory subs=1\nok 1 level=memory subs=1\n", 3],
    ["redis", 0, ":0\r\n:0\r\n", 2],
    ["jetstream", 0, 'MSG _INBOX.0 1  27\r\n{"stream":"bench", "seq":9}\r\nPING\r\n', 1],
  ] as const
) {
  Deno.test(`A tally counts whole answers of ${dialect}, wherever reads split them`, () => {
    for (const pieces of cuts(said)) {
      const tally = tallyOf(dialect, subscribers);
      const from = source(...pieces);
      while (tally.read(from) !== LATER);
      assertEquals(tally.messages, messages, JSON.stringify(pieces));
    }
  });
}

Deno.test("A tally counts the answers to pings between which others may come", () => {
  const barrier = DIALECTS.nats.barrier;
  if (barrier === null) throw new Error("nats has a barrier");
  for (const pieces of cuts("PONG\r\nPING\r\nPONG\r\n")) {
    const tally = new Tally({ kind: "each", bytes: barrier.until }, DIALECTS.nats.interjection);
    const from = source(...pieces);
    while (tally.read(from) !== LATER);
    assertEquals(tally.messages, 2, JSON.stringify(pieces));
  }
});

for (
  const [dialect, said] of [["hashbus", "OK\nERROR full\n"], ["hashbus2", "err SLOW you are slow\n"]] as const
) {
  Deno.test(`What is no answer of ${dialect} ends a tally with what it was`, () => {
    assertThrows(() => tallyOf(dialect, 0).read(source(said)), Error, "expected ");
  });
}

const MESSAGE = "MSG t 1 3\r\nabc\r\n";

function arrival(interjection: string | null): Arrival {
  return new Arrival(encoder.encode(MESSAGE), {
    interjection: interjection === null ? null : encoder.encode(interjection),
    buffer: new Uint8Array(1024),
  });
}

Deno.test("A message has arrived with its last byte, wherever reads split it and whatever may come between", () => {
  for (const pieces of cuts(`PING\r\n${MESSAGE}PING\r\n${MESSAGE}`)) {
    const one = arrival("PING\r\n");
    const from = source(...pieces);
    assertEquals(one.read(from) + one.read(from), 2, JSON.stringify(pieces));
  }
  const one = arrival(null);
  assertEquals([one.read(source(MESSAGE.slice(0, -1))), one.read(source("\n"))], [0, 1]);
  assertEquals(one.read({ read: () => 0 }), -1);
});

for (
  const [what, said, interjection] of [
    ["another payload", "MSG t 1 3\r\nabd\r\n", "PING\r\n"],
    ["what may come between, in the middle of a message", "MSG t PING\r\n1 3\r\nabc\r\n", "PING\r\n"],
    ["what may come between elsewhere", `PING\r\n${MESSAGE}`, null],
    ["half of what may come between", `PI${MESSAGE}`, "PING\r\n"],
  ] as const
) {
  Deno.test(`An arrival refuses ${what}`, () => {
    assertThrows(() => arrival(interjection).read(source(said)), Error, "expected ");
  });
}
