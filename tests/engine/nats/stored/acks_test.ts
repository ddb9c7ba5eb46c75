import { assertEquals } from "@std/assert";
import { Acks } from "../../../../lib/engine/nats/stored/acks.ts";
import { AGAIN_MS, PATIENCE_MS, RESEND_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { FakeLink } from "../../../support/fake_link.ts";

class Bench {
  readonly link = new FakeLink();
  readonly known: boolean[] = [];
  readonly acks: Acks;
  now = 100;

  constructor() {
    this.acks = new Acks({ link: this.link, inbox: "in", now: () => this.now });
    assertEquals(this.link.takeAsked(), ["sub in.*"]);
  }

  settle(...replies: string[]): void {
    this.acks.settle(replies, (known) => void this.known.push(known));
  }

  /** What was said since the last call, with where an answer is to go. */
  said(): string[] {
    return this.link.takeAsked().map((each) => each.replace(/^pub (\S+) (.*)$/, "$1 $2"));
  }

  passes(ms: number): void {
    this.now += ms;
    this.acks.tick(this.now);
  }
}

const SAID = ["a +ACK {}", 'b +ACK {"reply":"in.1"}', "ping"];

Deno.test("what is settled is said, and asked of the last whether it is known (N11)", () => {
  const bench = new Bench();
  bench.settle("a", "b");
  assertEquals(bench.said(), SAID);
  bench.settle("c");
  assertEquals(bench.said(), ['c +ACK {"reply":"in.2"}', "ping"]);
  bench.link.comes("in.*", "", "in.1");
  assertEquals(bench.known, [true]);
  bench.link.comes("in.*", "", "in.1");
  assertEquals(bench.known, [true], "once");
  bench.passes(RESEND_MS);
  assertEquals(bench.said(), ['c +ACK {"reply":"in.2"}', "ping"]);
});

Deno.test("what is settled is said until JetStream has answered, and not for ever (N11)", () => {
  const bench = new Bench();
  bench.settle("a", "b");
  bench.said();
  for (let ms = RESEND_MS; ms < PATIENCE_MS; ms += RESEND_MS) {
    bench.passes(RESEND_MS - 1);
    assertEquals(bench.said(), []);
    bench.passes(1);
    assertEquals([bench.said(), bench.known], [SAID, []]);
  }
  bench.passes(PATIENCE_MS - bench.now + 100 - 1);
  assertEquals(bench.known, []);
  bench.passes(1);
  bench.passes(RESEND_MS);
  assertEquals([bench.known, bench.said()], [[false], []], "told once");
});

Deno.test("that nobody has taken it is no answer: it is said again in a moment, until somebody has (G8, N11)", () => {
  const bench = new Bench();
  bench.settle("a", "b");
  for (let tries = 0; tries < 3; tries++) {
    assertEquals([bench.said(), bench.known], [SAID, []]);
    bench.link.comes("in.*", "", "in.1", { status: 503 });
    bench.passes(AGAIN_MS - 1);
    assertEquals([bench.said(), bench.known], [[], []]);
    bench.passes(1);
  }
  bench.link.comes("in.*", "", "in.1");
  assertEquals(bench.known, [true]);
  bench.link.comes("in.*", "", "in.1", { status: 503 });
  bench.settle("c");
  bench.said();
  bench.link.comes("in.*", "", "in.2", { status: 503 });
  bench.passes(PATIENCE_MS);
  assertEquals(bench.known, [true, false], "and not for ever");
});

Deno.test("what was settled while the link was lost is said when it is back, and all else is not", () => {
  const bench = new Bench();
  bench.link.goDown();
  bench.settle("a", "b");
  bench.acks.giveBack("c", 0);
  bench.acks.extend(["d"]);
  assertEquals(bench.said(), []);
  bench.link.goUp();
  assertEquals(bench.said(), SAID);
});

Deno.test("what nobody waits for is said however long the link was lost, and then not for ever (G6)", () => {
  const bench = new Bench();
  bench.link.goDown();
  bench.acks.settle(["a", "b"]);
  bench.settle("c");
  bench.passes(10 * PATIENCE_MS);
  assertEquals([bench.known, bench.said()], [[false], []]);
  bench.link.goUp();
  assertEquals(bench.said(), SAID);
  bench.passes(PATIENCE_MS - 1);
  assertEquals(bench.said(), SAID);
  bench.passes(1);
  bench.passes(RESEND_MS);
  assertEquals(bench.said(), []);
  bench.acks.settle(["a", "b"]);
  bench.said();
  bench.link.comes("in.*", "", "in.3");
  bench.passes(RESEND_MS);
  assertEquals(bench.said(), [], "it is known");
  bench.acks.settle(["a"]);
  bench.acks.close();
});

Deno.test("what is given back, now or later, and what is held for longer, is said once", () => {
  const bench = new Bench();
  bench.acks.giveBack("a", 0);
  bench.acks.giveBack("b", 1);
  bench.acks.extend(["c"]);
  const said = ["a -NAK", "ping", 'b -NAK {"delay":1000000}', "ping", "c +WPI", "ping"];
  assertEquals(bench.said(), said);
  bench.passes(RESEND_MS);
  assertEquals(bench.said(), []);
});

Deno.test("what was settled of a consumer that is another by now is not said any more, and is not known (N11)", () => {
  const bench = new Bench();
  const [one, other] = ["one", "other"].map((consumer) => `$JS.ACK.s.${consumer}.1.7.1.1000000.0`);
  bench.settle(one!);
  bench.acks.settle([one!]);
  bench.settle(other!);
  bench.link.comes("in.*", "", "in.1", { status: 503 });
  bench.said();
  bench.acks.forget("one");
  assertEquals(bench.known, [false]);
  bench.passes(RESEND_MS);
  assertEquals(bench.said(), [`${other} +ACK {"reply":"in.3"}`, "ping"]);
  bench.link.goUp();
  assertEquals(bench.said(), [`${other} +ACK {"reply":"in.3"}`, "ping"]);
  bench.acks.close();
  assertEquals(bench.known, [false, false]);
});

Deno.test("who ends tells that nobody knows", () => {
  const bench = new Bench();
  bench.settle("a");
  bench.acks.close();
  assertEquals(bench.known, [false]);
  bench.passes(PATIENCE_MS);
  assertEquals(bench.known, [false]);
});
