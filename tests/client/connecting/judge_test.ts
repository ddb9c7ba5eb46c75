/** What a link shows beside a hello that has no answer, and when. */
import { assertEquals } from "@std/assert";
import { Greeting } from "../../../lib/client/connecting/greeting.ts";
import {
  judgeAfterEnd,
  judgeBeside,
  judgeSameConnection,
  type Upgraded,
  type Verdict,
} from "../../../lib/client/connecting/trial.ts";
import { ClassicLink } from "../../../lib/client/links/classic_link.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "../links/handed_socket.ts";

const GIVES_UP = "the broker closed the connection at hello";
const UPGRADED = {} as Upgraded;

/** A hello, and where it was said. */
interface Said {
  readonly socket: HandedSocket;
  readonly greeting: Greeting;
  released: number;
}

/** A link that is judged. */
class Bench {
  readonly clock = new HandedClock();
  readonly socket = new HandedSocket();
  readonly link = new ClassicLink(this.socket, { id: "p1", clock: this.clock });
  /** Where hello was said, one after another. */
  readonly hellos: Said[] = [];
  /** How many more connections there are to be had. */
  more = Infinity;
  /** How often one was asked for. */
  asked = 0;
  /** What becomes of v2. */
  upgraded: Upgraded | undefined = UPGRADED;
  /** The connection that v2 was spoken over. */
  spokeOver: Greeting | undefined;
  verdict: Verdict | undefined | "none" = "none";
  greet(): Greeting {
    const socket = new HandedSocket();
    const release = (): void => {
      said.released++;
    };
    const greeting = new Greeting(socket, { id: "p1", credentials: undefined, clock: this.clock, release });
    const said: Said = { socket, greeting, released: 0 };
    this.hellos.push(said);
    return greeting;
  }

  /** Beside a hello that waits, or behind one that was hung up at. */
  beside(first: "waits" | "hung up", patience = 10_000): Promise<void> {
    return this.judge(judgeBeside({
      link: this.link,
      clock: this.clock,
      greeting: first === "waits" ? this.greet() : undefined,
      sayHello: () => {
        this.asked++;
        return Promise.resolve(this.more-- > 0 ? this.greet() : undefined);
      },
      upgrade: (greeting) => {
        this.spokeOver = greeting;
        return Promise.resolve(this.upgraded);
      },
      patience,
    }));
  }

  async judge(judging: Promise<Verdict | undefined>): Promise<void> {
    judging.then((verdict) => this.verdict = verdict);
    await settled();
  }

  /** A request that is answered so many milliseconds later, or waits. */
  async request(ms?: number): Promise<void> {
    const answered = this.link.request(new TextEncoder().encode("p1 pub #a x\n"));
    await this.clock.pass(ms ?? 0);
    if (ms === undefined) return;
    this.socket.come("OK\n");
    await within("an answer", answered);
    await settled();
  }

  async comes(socket: HandedSocket | undefined, text: string | null): Promise<void> {
    socket!.come(text);
    await settled();
  }

  /** A verdict that is there when so many milliseconds have passed, and not before. */
  async after(ms: number): Promise<Verdict | undefined> {
    await this.clock.pass(ms - 1);
    assertEquals(this.verdict, "none", `before ${ms} ms`);
    await this.clock.pass(1);
    assertEquals(this.verdict === "none", false, `after ${ms} ms`);
    return this.verdict as Verdict | undefined;
  }
}

/** Classic, and whether that is known by an answer. */
function classic(reason: string, learnt: boolean): Verdict {
  return { kind: "classic", reason, learnt };
}

Deno.test("behind one that hung up at hello, a link is classic when it has been served for a second", async () => {
  const bench = new Bench();
  await bench.judge(judgeAfterEnd(bench.link, { clock: bench.clock, reason: "hung up" }));
  assertEquals(await bench.after(1000), classic("hung up", false));
  assertEquals(bench.clock.set, []);
});

Deno.test("behind one that hung up at hello, a link is classic with its first answer, and nothing when it ends", async () => {
  const answered = new Bench();
  await answered.judge(judgeAfterEnd(answered.link, { clock: answered.clock, reason: "hung up" }));
  await answered.request(10);
  assertEquals(answered.verdict, classic("hung up", true));
  assertEquals(answered.clock.set, []);

  const ended = new Bench();
  await ended.judge(judgeAfterEnd(ended.link, { clock: ended.clock, reason: "hung up" }));
  await ended.comes(ended.socket, null);
  assertEquals([ended.verdict, ended.clock.set], [undefined, []]);
});

Deno.test("on the connection of a silent hello, whatever is answered shows a classic broker, and an end nothing", async () => {
  const answered = new Bench();
  await answered.judge(judgeSameConnection(answered.link, "silent"));
  assertEquals(answered.verdict, "none");
  await answered.request(10);
  assertEquals(answered.verdict, classic("silent", true));

  const ended = new Bench();
  await ended.judge(judgeSameConnection(ended.link, "silent"));
  await ended.comes(ended.socket, null);
  assertEquals(ended.verdict, undefined);
});

Deno.test("a hello that waits is closed in one direction after half a second, and still heard", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  assertEquals(bench.clock.set, [500]);
  await bench.clock.pass(499);
  assertEquals(bench.hellos[0]!.socket.halfClosed, false);
  await bench.clock.pass(1);
  assertEquals([bench.hellos[0]!.socket.halfClosed, bench.hellos[0]!.greeting.halfClosed], [true, true]);
  await bench.clock.pass(1_000_000);
  assertEquals(bench.verdict, "none", "silence alone shows nothing");
  await bench.comes(bench.hellos[0]!.socket, "OK_2\n");
  assertEquals(bench.verdict, { kind: "2", ...UPGRADED });
  assertEquals(bench.spokeOver, bench.hellos[0]!.greeting);
  assertEquals(bench.clock.set, []);
});

Deno.test("nothing is closed in one direction when all is known before", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, "OK_2\n");
  assertEquals([bench.verdict, bench.clock.set], [{ kind: "2", ...UPGRADED }, []]);
  await bench.clock.pass(1000);
  assertEquals(bench.hellos[0]!.socket.halfClosed, false, "it is spoken over");
});

Deno.test("v2 that comes to nothing is tried again", async () => {
  const bench = new Bench();
  bench.upgraded = undefined;
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, "OK_2\n");
  assertEquals(bench.verdict, { kind: "again" });
});

Deno.test("another answer to hello shows a classic broker, and a refusal that it is to be tried again", async () => {
  const table: [answer: string, verdict: Verdict][] = [
    ["OK\n", classic('the broker answered hello with "OK"', true)],
    ["ERR_X\n", classic('the broker answered hello with "ERR_X"', true)],
    ["ERR_BUSY\n", { kind: "again" }],
    ["ERR_DENIED\n", { kind: "again" }],
  ];
  for (const [answer, verdict] of table) {
    const bench = new Bench();
    await bench.beside("waits");
    const { socket } = bench.hellos[0]!;
    await bench.comes(socket, answer);
    assertEquals([bench.verdict, bench.asked], [verdict, 0], answer);
    assertEquals([socket.halfClosed, socket.closed, bench.clock.set], [true, false, [60_000]], answer);
    await bench.request(0);
    assertEquals(bench.clock.set, [60_000], "nothing is waited for behind a verdict");
    await bench.comes(socket, null);
    assertEquals([socket.closed, bench.hellos[0]!.released, bench.clock.set], [true, 1, []], answer);
  }
});

Deno.test("a link that ends shows nothing, and hello is given up with it", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  await bench.comes(bench.socket, null);
  const { socket } = bench.hellos[0]!;
  assertEquals([bench.verdict, socket.halfClosed, bench.clock.set], [undefined, true, [60_000]]);
  await bench.clock.pass(59_999);
  assertEquals(socket.closed, false, "the other side may close it first");
  await bench.clock.pass(1);
  assertEquals([socket.closed, bench.clock.set], [true, []]);
});

Deno.test("an answer beside hello, and none to hello for as long as agreed, shows a classic broker", async () => {
  const bench = new Bench();
  await bench.beside("waits", 3000);
  await bench.clock.pass(1000);
  await bench.request(100);
  assertEquals(await bench.after(3000), classic("the broker answers, but not hello", true));
  assertEquals([bench.hellos[0]!.socket.halfClosed, bench.clock.set], [true, [60_000]]);
});

Deno.test("who answers slowly has eight times as long for hello, and two minutes at most", async () => {
  const slow = new Bench();
  await slow.beside("waits", 3000);
  await slow.request(500);
  assertEquals(await slow.after(4000), classic("the broker answers, but not hello", true));

  const slower = new Bench();
  await slower.beside("waits", 3000);
  await slower.request(15_001);
  assertEquals(await slower.after(120_000), classic("the broker answers, but not hello", true));

  const patient = new Bench();
  await patient.beside("waits", 1_000_000);
  await patient.request(1);
  assertEquals(await patient.after(120_000), classic("the broker answers, but not hello", true));
});

Deno.test("while a request has waited for half of that time, the broker stands still: time begins anew", async () => {
  const bench = new Bench();
  await bench.beside("waits", 3000);
  await bench.request(0);
  await bench.clock.pass(1500);
  await bench.request();
  await bench.clock.pass(1500);
  assertEquals(bench.verdict, "none", "half of it");
  await bench.comes(bench.socket, "OK\n");
  // it took 1,500 ms to answer
  assertEquals(await bench.after(3000 + 12_000), classic("the broker answers, but not hello", true));

  const later = new Bench();
  await later.beside("waits", 3000);
  await later.request(0);
  await later.clock.pass(1501);
  await later.request();
  assertEquals(await later.after(1499), classic("the broker answers, but not hello", true));
});

Deno.test("who is slower at the end than at the beginning of that time is waited for anew", async () => {
  const bench = new Bench();
  await bench.beside("waits", 3000);
  await bench.request(0);
  await bench.request(1000);
  await bench.clock.pass(2000);
  assertEquals(bench.verdict, "none");
  assertEquals(await bench.after(8000), classic("the broker answers, but not hello", true));
});

Deno.test("a hello that is hung up at is said once more behind a moment, and who hangs up again is classic", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, null);
  assertEquals([bench.asked, bench.clock.set], [0, [100, 500]]);
  await bench.clock.pass(99);
  assertEquals(bench.asked, 0);
  await bench.clock.pass(1);
  assertEquals([bench.asked, bench.verdict], [1, "none"]);
  await bench.comes(bench.hellos[1]!.socket, null);
  assertEquals(await bench.after(100), classic(GIVES_UP, false));
  assertEquals([bench.asked, bench.hellos.map(({ released }) => released)], [1, [1, 1]]);
  assertEquals(bench.clock.set, []);
});

Deno.test("why the last hello had no answer is why the broker is taken for a classic one", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, null);
  await bench.clock.pass(100);
  bench.hellos[1]!.socket.break(new Deno.errors.ConnectionReset("reset"));
  assertEquals(await bench.after(100), classic("connection reset at hello", false));

  const none = new Bench();
  none.more = 0;
  await none.beside("waits");
  none.hellos[0]!.socket.break(new Deno.errors.ConnectionReset("reset"));
  await none.clock.pass(100);
  assertEquals(await none.after(2000), classic("connection reset at hello", false));
});

Deno.test("who hangs up twice, and has answered beside that, is known by that answer", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, null);
  await bench.clock.pass(100);
  await bench.request(0);
  await bench.comes(bench.hellos[1]!.socket, null);
  assertEquals(await bench.after(100), classic(GIVES_UP, true));
});

Deno.test("a link that ends together with the hello that is hung up at shows nothing", async () => {
  for (const times of [1, 2]) {
    const bench = new Bench();
    await bench.beside("waits");
    for (let at = 0; at < times; at++) {
      if (at > 0) await bench.clock.pass(100);
      await bench.comes(bench.hellos[at]!.socket, null);
    }
    await bench.clock.pass(99);
    await bench.comes(bench.socket, null);
    assertEquals([bench.verdict, bench.clock.set], [undefined, []], `${times}`);
  }
});

Deno.test("where a second hello is answered, that tells", async () => {
  const bench = new Bench();
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, null);
  await bench.clock.pass(100);
  await bench.comes(bench.hellos[1]!.socket, "OK_2\n");
  assertEquals([bench.verdict, bench.spokeOver === bench.hellos[1]!.greeting], [
    { kind: "2", ...UPGRADED },
    true,
  ]);
});

Deno.test("where no other connection is to be had, three tries in two seconds show a classic broker", async () => {
  const bench = new Bench();
  bench.more = 0;
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, null);
  await bench.clock.pass(100);
  assertEquals(bench.asked, 1);
  await bench.clock.pass(999);
  assertEquals(bench.asked, 1);
  await bench.clock.pass(1);
  assertEquals([bench.asked, bench.verdict], [2, "none"]);
  assertEquals(await bench.after(1000), classic(GIVES_UP, false));
  assertEquals([bench.asked, bench.clock.set], [3, []]);
});

Deno.test("a link that ends between two tries shows nothing, and nothing more is tried", async () => {
  const bench = new Bench();
  bench.more = 0;
  await bench.beside("waits");
  await bench.comes(bench.hellos[0]!.socket, null);
  await bench.clock.pass(100);
  await bench.comes(bench.socket, null);
  assertEquals([bench.verdict, bench.asked, bench.clock.set], [undefined, 1, []]);
});

Deno.test("a connection that is there when the link has ended is closed", async () => {
  const bench = new Bench();
  const saying = Promise.withResolvers<Greeting | undefined>();
  await bench.judge(judgeBeside({
    link: bench.link,
    clock: bench.clock,
    greeting: undefined,
    sayHello: () => saying.promise,
    upgrade: () => Promise.resolve(undefined),
    patience: 1000,
  }));
  await bench.clock.pass(1000);
  await bench.comes(bench.socket, null);
  assertEquals(bench.verdict, undefined);
  saying.resolve(bench.greet());
  await settled();
  assertEquals([bench.hellos[0]!.socket.closed, bench.hellos[0]!.released], [true, 1]);
});

Deno.test("behind one that hung up, hello is said again when the link has been served for a second", async () => {
  const bench = new Bench();
  await bench.beside("hung up", 3000);
  await bench.clock.pass(999);
  assertEquals(bench.asked, 0);
  await bench.clock.pass(1);
  assertEquals(bench.asked, 1);
  assertEquals(await bench.after(3000), classic("the broker answers, but not hello", false));
  assertEquals(bench.hellos[0]!.socket.halfClosed, true);
});

Deno.test("behind one that hung up, a second that does is enough, and a link that ends shows nothing", async () => {
  const bench = new Bench();
  await bench.beside("hung up");
  await bench.clock.pass(1000);
  assertEquals(bench.hellos[0]!.socket.halfClosed, false, "this one stays whole");
  await bench.comes(bench.hellos[0]!.socket, null);
  assertEquals(await bench.after(100), classic(GIVES_UP, false));

  const ended = new Bench();
  await ended.beside("hung up");
  await ended.comes(ended.socket, null);
  assertEquals([ended.verdict, ended.asked, ended.clock.set], [undefined, 0, []]);

  const none = new Bench();
  none.more = 0;
  await none.beside("hung up");
  assertEquals(await none.after(3000), classic(GIVES_UP, false));
});
