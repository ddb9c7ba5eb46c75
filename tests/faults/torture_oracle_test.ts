import { assert, assertEquals } from "@std/assert";
import { type End, judgeEnd } from "./torture/dribbler.ts";
import { type Connection, History, type Message, type Policy } from "./torture/history.ts";
import { judgeConnection, type JudgeOptions } from "./torture/oracle.ts";
import { payloadOf, readPayload } from "./torture/payload.ts";
import { Starved } from "./torture/starved.ts";
import { judgeStored } from "./torture/stored_oracle.ts";

/** A subscriber that got everything there was, to which a test does harm. */
class Recorded {
  readonly history = new History();
  readonly connection: Connection;
  readonly #publisher: number;
  now = 0;

  constructor({ v2 = true } = {}) {
    this.connection = this.history.connection("reader", v2);
    this.#publisher = this.history.publisher();
  }

  subscribe(pattern: string, options: { policy?: Policy; from?: string; to?: string } = {}): void {
    const at = this.now++;
    for (const before of this.connection.subscriptions) {
      if (before.pattern === pattern && options.from !== undefined) before.unsubAt = before.goneAt = at;
    }
    const subscription = { pattern, policy: "drop-old" as const, ...options, sentAt: at, okAt: at };
    this.connection.subscriptions.push(subscription);
    this.connection.happened.push({ is: "subscribed", subscription, at });
  }

  publish(count: number, topic = "#t.a", ttl?: number): Message[] {
    return Array.from({ length: count }, () => {
      const sentAt = this.now++;
      const message = this.history.publish(this.#publisher, {
        topic,
        sentAt,
        ...(ttl === undefined ? {} : { ttl }),
      });
      message.ackedAt = this.now++;
      return message;
    });
  }

  got(messages: readonly Message[], seq?: number): void {
    messages.forEach((message, at) =>
      this.connection.happened.push({
        is: "got",
        message,
        at: this.now++,
        ...(seq === undefined ? {} : { seq: seq + at }),
      })
    );
  }

  gap(count: number, pattern = "#t.>"): void {
    this.connection.happened.push({ is: "gap", pattern, count, at: this.now++ });
  }

  /** A replay has come to where it is live. */
  over(pattern: string): void {
    this.connection.happened.push({ is: "live", pattern, at: this.now++ });
  }

  /** What is found, each without its details. */
  found(options?: JudgeOptions): string[] {
    const told = judgeConnection(this.connection, this.history, options);
    return [...new Set(told.map((what) => what.split(": ")[1] ?? ""))];
  }
}

function recorded(harm: (run: Recorded, messages: Message[]) => void, { v2 = true } = {}): string[] {
  const run = new Recorded({ v2 });
  run.subscribe("#t.>");
  harm(run, run.publish(10));
  return run.found();
}

Deno.test("a history in which everything came, or is counted in its place, is in order", () => {
  assertEquals(recorded((run, all) => run.got(all)), []);
  assertEquals(
    recorded((run, all) => {
      run.got(all.slice(0, 4));
      run.gap(3);
      run.got(all.slice(7));
    }),
    [],
  );
});

Deno.test("a message that is lost is found, in the middle, at the end, and by a classic client", () => {
  assertEquals(recorded((run, all) => run.got(all.toSpliced(4, 1))), ["lost"]);
  assertEquals(recorded((run, all) => run.got(all.slice(0, 9))), ["lost", "newest lost"]);
  assertEquals(recorded((run, all) => run.got(all.toSpliced(4, 1)), { v2: false }), ["lost"]);
});

Deno.test("a message that comes twice, or before one that was sent earlier, is found", () => {
  assertEquals(recorded((run, all) => run.got([...all, all[9]!])), ["doubled"]);
  assert(
    recorded((run, all) => run.got([all[1]!, all[0]!, ...all.slice(2)])).includes("out of order"),
  );
});

Deno.test("a gap that is too small, too large, or not where the messages are missing is found", () => {
  const hole = (count: number, after: number): string[] =>
    recorded((run, all) => {
      run.got(all.slice(0, after));
      if (after < 4) {
        run.gap(count);
        run.got(all.slice(after, 4));
      }
      if (after === 4) run.gap(count);
      run.got(all.slice(7, Math.max(7, after)));
      if (after > 4) run.gap(count);
      run.got(all.slice(Math.max(7, after)));
    });
  assertEquals(hole(3, 4), []);
  assertEquals(hole(2, 4), ["lost"]);
  assertEquals(hole(4, 4), ["gap too large"]);
  assertEquals(hole(3, 2), ["lost", "gap too large"]);
});

Deno.test("a gap of another subscription's pattern explains nothing", () => {
  const run = new Recorded();
  run.subscribe("#t.a");
  run.subscribe("#t.b");
  const all = run.publish(5);
  run.got(all.slice(0, 2));
  run.gap(1, "#t.b");
  run.got(all.slice(3));
  assertEquals(run.found(), ["lost", "gap too large"]);
});

Deno.test("a message that was altered, or that nobody asked for, or that was refused is found", () => {
  assertEquals(
    recorded((run, all) => {
      run.got(all);
      run.connection.happened.push({ is: "altered", what: "40 bytes of #t.a", at: run.now });
    }),
    ["altered"],
  );
  const payload = payloadOf("#t.a", { publisher: 1, number: 7, bytes: 5000 });
  assertEquals(readPayload("#t.a", payload), { publisher: 1, number: 7 });
  for (const at of [0, 2, 6, 8, 100, 4999]) {
    const altered = payload.slice();
    altered[at]! ^= 1;
    assertEquals(readPayload("#t.a", altered), undefined, `byte ${at}`);
  }
  assertEquals(readPayload("#t.b", payload), undefined);
  assertEquals(readPayload("#t.a", payload.subarray(0, 4999)), undefined);
  const run = new Recorded();
  run.subscribe("#t.a");
  run.got(run.publish(1, "#t.b"));
  assertEquals(run.found(), ["unasked"]);
  assertEquals(
    recorded((run, all) => {
      all[3]!.refused = "ERR_BUSY";
      delete all[3]!.ackedAt;
      run.got(all);
    }),
    ["refused and delivered", "unasked"],
  );
});

Deno.test("the newest of a topic has to come where the old ones are left out", () => {
  const run = new Recorded();
  run.subscribe("#t.>", { policy: "latest" });
  const all = run.publish(5);
  run.got(all.slice(0, 4));
  run.gap(1);
  assertEquals(run.found(), ["newest lost"]);
});

Deno.test("what may be missing is not held against anybody", () => {
  // not acknowledged
  assertEquals(
    recorded((run, all) => {
      delete all[9]!.ackedAt;
      run.got(all.slice(0, 9));
    }),
    [],
  );
  // the connection has ended
  assertEquals(
    recorded((run, all) => {
      run.got(all.slice(0, 5));
      run.connection.closedAt = run.now;
    }),
    [],
  );
  // its ttl is over
  const run = new Recorded();
  run.subscribe("#t.>");
  const [first, , last] = [run.publish(1), run.publish(1, "#t.a", 0.001), run.publish(1)];
  run.got([...first, ...last]);
  assertEquals(run.found(), []);
});

Deno.test("a ttl is over when a replay comes to a message, whenever the next one came live", () => {
  const replayed = (ttl: number): string[] => {
    const run = new Recorded();
    const [before] = run.publish(1, "#d.a", ttl);
    run.subscribe("#d.*", { policy: "block" });
    run.got(run.publish(1, "#d.a", ttl), 2);
    assert(before !== undefined);
    run.now += 5000;
    run.subscribe("#d.>", { policy: "block", from: "earliest" });
    run.over("#d.>");
    return run.found({ durable: true });
  };
  assertEquals(replayed(0.5), []);
  assertEquals(replayed(60), ["lost"]);
});

Deno.test("a replay that does not bring what is stored, or not to its end, is found", () => {
  const replay = (harm: (run: Recorded, all: Message[]) => void): string[] => {
    const run = new Recorded();
    const all = run.publish(5, "#d.a");
    all.forEach((message, at) => message.seq = at + 1);
    run.subscribe("#d.>", { policy: "block", from: "earliest" });
    harm(run, all);
    return run.found({ durable: true });
  };
  const live = (run: Recorded): void =>
    void run.connection.happened.push({ is: "live", pattern: "#d.>", at: run.now++ });
  assertEquals(
    replay((run, all) => {
      run.got(all, 1);
      live(run);
    }),
    [],
  );
  assertEquals(replay((run, all) => run.got(all, 1)), ["never live"]);
  assertEquals(
    replay((run, all) => {
      run.got(all.slice(1), 2);
      live(run);
    }),
    ["lost", "not replayed"],
  );
  assertEquals(
    replay((run, all) => {
      run.got(all, 2);
      live(run);
    }),
    ["renumbered"],
  );
});

Deno.test("live messages come ahead of what a replay beside them still reads, until that has come to its end", () => {
  const left = (harm: (run: Recorded) => void): string[] => {
    const run = new Recorded();
    const stored = run.publish(5, "#d.a");
    stored.forEach((message, at) => message.seq = at + 1);
    run.subscribe("#d.>", { policy: "block", from: "latest" });
    run.got(stored.slice(4), 5);
    run.over("#d.>");
    run.subscribe("#d.*", { policy: "block", from: "earliest" });
    run.got(run.publish(2, "#d.a"), 6);
    harm(run);
    return run.found({ durable: true });
  };
  // it was still reading when its connection was left (D8)
  assertEquals(left((run) => void (run.connection.closedAt = run.now)), []);
  assertEquals(
    left((run) => {
      run.over("#d.*");
      run.connection.closedAt = run.now;
    }),
    ["lost", "not replayed"],
  );
  assertEquals(left(() => {}), ["lost", "never live"]);
  // with nobody live beside it, it brings everything in order
  const alone = new Recorded();
  const stored = alone.publish(5, "#d.a");
  stored.forEach((message, at) => message.seq = at + 1);
  alone.subscribe("#d.*", { policy: "block", from: "earliest" });
  alone.got(stored.slice(3), 4);
  alone.connection.closedAt = alone.now;
  assertEquals(alone.found({ durable: true }), ["lost"]);
});

Deno.test("what came live to one that may leave messages out comes again by a replay beside it, and else is doubled", () => {
  const beside = (policy: Policy): string[] => {
    const run = new Recorded();
    run.subscribe("#d.>", { policy, from: "earliest" });
    run.over("#d.>");
    run.subscribe("#d.*", { policy: "block", from: "earliest" });
    const [message] = run.publish(1, "#d.a");
    run.got([message!], 1);
    run.got([message!], 1);
    run.over("#d.*");
    return run.found({ durable: true });
  };
  assertEquals(beside("drop-new"), []);
  assertEquals(beside("block"), ["doubled"]);
});

Deno.test("a sub with from= takes the place of the one before, and has an order of its own", () => {
  const again = (order: readonly number[]): string[] => {
    const run = new Recorded();
    const all = run.publish(4, "#d.a");
    all.forEach((message, at) => message.seq = at + 1);
    run.subscribe("#d.>", { policy: "block", from: "earliest" });
    run.got(all.slice(0, 3), 1);
    run.subscribe("#d.>", { policy: "block", from: "earliest" });
    for (const at of order) run.got([all[at]!], at + 1);
    run.over("#d.>");
    return run.found({ durable: true });
  };
  assertEquals(again([0, 1, 2, 3]), []);
  assertEquals(again([1, 2, 3]), ["not replayed"]);
  assert(again([0, 2, 1, 3]).includes("out of order"));
  assert(again([0, 1, 2, 3, 3]).includes("doubled"));
});

Deno.test("what a process waited for a processor is told of any stretch of time, and of none that is longer", () => {
  const starved = new Starved();
  assertEquals(starved.between(0, 100), 0);
  for (const [at, waited] of [[10, 5], [20, 5], [30, 13], [40, 13], [50, 14]] as const) {
    starved.look(at, waited);
  }
  assertEquals(starved.between(12, 18), 0);
  assertEquals(starved.between(22, 28), 6);
  assertEquals(starved.between(20, 45), 9);
  assertEquals(starved.between(41, 60), 1);
  // it has ended, and who looks is late
  starved.look(90, 0);
  assertEquals(starved.between(50, 90), 30);
});

Deno.test("a request that is not whole has to be cut in time, and told, in the broker's own time", () => {
  const end = (ms: number, of: Partial<End> = {}): string | undefined =>
    judgeEnd({ v2: true, ms, kept: 0, closed: true, told: "bye TIMEOUT", killed: false, ...of });
  assertEquals(end(30_300), "in time");
  assertEquals(end(30_300, { v2: false, told: undefined }), "in time");
  assertEquals(end(30_300, { told: undefined }), "was cut without a word");
  assertEquals(end(3000), "was cut after 3000 ms: bye TIMEOUT");
  assertEquals(end(3000, { killed: true, told: undefined }), undefined);
  assertEquals(end(37_000, { closed: false }), undefined);
  assertEquals(end(39_000, { closed: false }), "is kept for 39000 ms");
  assertEquals(end(39_000, { closed: false, kept: 3000 }), undefined);
  // who is not let in yet
  const guest = { v2: false, told: undefined, due: 10_000 };
  assertEquals(end(10_600, guest), "in time");
  assertEquals(end(19_000, { ...guest, closed: false }), "is kept for 19000 ms");
});

Deno.test("a broker that has lost, doubled, renumbered or turned round what it stored is found", () => {
  const stored = (order: readonly number[], first = 1): number => {
    const run = new Recorded();
    const all = run.publish(4, "#d.a");
    run.got(order.map((at) => all[at]!), first);
    return judgeStored(run.connection, run.history).length;
  };
  assertEquals(stored([0, 1, 2, 3]), 0);
  assert(stored([0, 1, 3]) > 0);
  assert(stored([0, 1, 2]) > 0);
  assert(stored([0, 1, 1, 2, 3]) > 0);
  assert(stored([0, 2, 1, 3]) > 0);
  assert(stored([0, 1, 2, 3], 2) > 0);
});

Deno.test("what is deleted before the beginning of a replay is found is owed to nobody, and what comes then is", () => {
  const asked = new Recorded();
  asked.subscribe("#t.>", { from: "1" });
  const [subscription] = asked.connection.subscriptions;
  const before = asked.publish(3);
  subscription!.okAt = asked.now++;
  const after = asked.publish(3);
  [...before, ...after].forEach((message, at) => message.seq = at + 1);
  asked.got(after, 4);
  asked.over("#t.>");
  assertEquals(asked.found({ durable: true, retained: true }), []);
  assertEquals(asked.found({ durable: true }), ["lost"], "where nothing is deleted it is there");
  const late = asked.publish(1);
  late[0]!.seq = 7;
  asked.got(asked.publish(1), 8);
  assertEquals(asked.found({ durable: true, retained: true }), ["lost"]);
});
