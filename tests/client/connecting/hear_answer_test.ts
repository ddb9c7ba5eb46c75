/** What is made of a broker's first words, and for how long they are waited for. */
import { assertEquals } from "@std/assert";
import { type HandshakeResult, hearAnswer, sayHello } from "../../../lib/client/connecting/handshake.ts";
import { Incoming } from "../../../lib/client/sockets/incoming.ts";
import { HandedClock } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

/** A connection on which hello was said. */
class Bench {
  readonly socket = new HandedSocket();
  readonly clock = new HandedClock();
  readonly incoming = new Incoming(this.socket, this.clock);

  hear(ms = 1000): Promise<HandshakeResult> {
    return within("what came of hello", hearAnswer(this.incoming, { clock: this.clock, ms }));
  }

  /** What comes of these words, behind which nothing comes, and after how long a silence. */
  async behind(...words: readonly string[]): Promise<readonly [HandshakeResult, number]> {
    const hearing = this.hear();
    for (const each of words) {
      this.socket.come(each);
      await this.clock.pass(0);
    }
    const [silence = 0] = this.clock.set;
    if (silence > 0) await this.clock.pass(silence - 1);
    assertEquals(this.clock.set, silence > 0 ? [1] : [], "nothing is known before");
    await this.clock.pass(1);
    return [await hearing, silence];
  }
}

Deno.test("hello is one line, with who it is where that is asked for", async () => {
  const socket = new HandedSocket();
  await sayHello(socket, { id: "p1", credentials: undefined });
  await socket.says("p1 hello 2\n");
  await sayHello(socket, { id: "p1", credentials: { user: "ann", token: "a b" } });
  await socket.says("p1 hello 2 user=ann token=a%20b\n");
});

Deno.test("a whole line that is an answer is one at once, and anything else when nothing follows it", async () => {
  const lines = { kind: "classic", framing: "lines" } as const;
  const bare = { kind: "classic", framing: "bare" } as const;
  const table: [words: string[], result: HandshakeResult, silence: number][] = [
    [["OK\n"], { ...lines, said: "OK" }, 0],
    [["OK\r\n"], { ...lines, said: "OK" }, 0],
    [["ERR_UNKNOWN_COMMAND\n"], { ...lines, said: "ERR_UNKNOWN_COMMAND" }, 0],
    [["ERR\n"], { ...lines, said: "ERR" }, 0],
    [["OK"], { ...bare, said: "OK" }, 100],
    [["ERR_X"], { ...bare, said: "ERR_X" }, 100],
    [["ERR_", "X"], { ...bare, said: "ERR_X" }, 100],
    [["what?"], { ...bare, said: "what?" }, 200],
    [["ERR no\n"], { ...lines, said: "ERR no" }, 200],
    [["welcome\n"], { ...lines, said: "welcome" }, 200],
    [["welcome\nOK\n"], { ...lines, said: "welcome\\nOK" }, 200],
    [["OK_3\n"], { ...lines, said: "OK_3" }, 200],
    [["x OK_2\n"], { ...lines, said: "x OK_2" }, 200],
    [["ERR_DENIED\n"], { kind: "denied" }, 0],
    [["ERR_DENIED"], { kind: "denied" }, 100],
    [["ERR_BUSY\n"], { kind: "turned away", said: "ERR_BUSY" }, 0],
    [["ERR_NEEDS_TLS\n"], { kind: "turned away", said: "ERR_NEEDS_TLS" }, 0],
    [["ERR_TOO_MANY_CONNECTIONS"], { kind: "turned away", said: "ERR_TOO_MANY_CONNECTIONS" }, 100],
    [["HTTP/1.1 400 Bad Request\r\n"], { kind: "http" }, 0],
    [["<html>\r\n"], { kind: "http" }, 0],
    [["<!DOCTYPE html>", "<title>"], { kind: "http" }, 200],
    [["no HTTP/1.1\n"], { ...lines, said: "no HTTP/1.1" }, 200],
    [["OK_2\n"], { kind: "2" }, 0],
    [["OK_2\r\n"], { kind: "2" }, 0],
    [["O", "K", "_2", "\r", "\n"], { kind: "2" }, 0],
  ];
  for (const [words, result, silence] of table) {
    assertEquals(await new Bench().behind(...words), [result, silence], JSON.stringify(words));
  }
});

Deno.test("of what a broker answers no more is repeated than fits a line", async () => {
  const [result] = await new Bench().behind(`ERR_${"X".repeat(300)}\n`);
  assertEquals(result, { kind: "classic", said: `ERR_${"X".repeat(196)}`, framing: "lines" });
});

Deno.test("nothing within the time is silence, and an end is none", async () => {
  const silent = new Bench();
  const hearing = silent.hear(1234);
  await silent.clock.pass(0);
  assertEquals(silent.clock.set, [1234]);
  await silent.clock.pass(1234);
  const reason = "the broker did not answer hello";
  assertEquals(await hearing, { kind: "unanswered", silent: true, reason });

  const ended = new Bench();
  ended.socket.come(null);
  const why = "the broker closed the connection at hello";
  assertEquals(await ended.hear(), { kind: "unanswered", silent: false, reason: why });
  assertEquals(ended.clock.set, []);
});

Deno.test("what can only be the beginning of OK_2 has five seconds for its rest, and is heard again behind that", async () => {
  for (const half of ["O", "OK_", "OK_2", "OK_2\r"]) {
    const bench = new Bench();
    const reason = "the broker did not answer hello";
    assertEquals(await bench.behind(half), [{ kind: "unanswered", silent: true, reason }, 5000], half);
    const again = bench.hear();
    await bench.clock.pass(0);
    bench.socket.come(`${"OK_2\r".slice(half.length)}\n`);
    assertEquals(await again, { kind: "2" }, half);
  }
});

Deno.test("what can only be the beginning of OK_2 is an answer when the connection ends behind it", async () => {
  const bench = new Bench();
  const hearing = bench.hear();
  bench.socket.come("O");
  bench.socket.come(null);
  assertEquals(await hearing, { kind: "classic", said: "O", framing: "bare" });
});

Deno.test("what comes behind OK_2 is read by who goes on, and nothing is where nothing came", async () => {
  const bench = new Bench();
  bench.socket.come("OK_2\ninfo {}\n");
  assertEquals(await bench.hear(), { kind: "2" });
  const rest = await within("the rest", bench.incoming.read());
  assertEquals(new TextDecoder().decode(rest!), "info {}\n");
});

Deno.test("an answer that goes on is one when it is longer than 4 KiB, or takes longer than five seconds", async () => {
  const long = new Bench();
  const hearing = long.hear();
  long.socket.come("x".repeat(4096));
  await long.clock.pass(0);
  assertEquals(long.clock.set, [200], "it may go on");
  long.socket.come("y");
  assertEquals(await hearing, { kind: "classic", said: "x".repeat(200), framing: "bare" });

  const slow = new Bench();
  const all = slow.hear();
  await slow.clock.pass(900);
  for (let ms = 0; ms <= 5000; ms += 125) {
    slow.socket.come("x");
    await slow.clock.pass(ms === 5000 ? 1 : 125);
  }
  assertEquals(slow.clock.set, [199], "it has not been told for too long");
  slow.socket.come("x");
  assertEquals(await all, { kind: "classic", said: "x".repeat(42), framing: "bare" });
  assertEquals(slow.clock.set, []);
});
