import { assertEquals, assertMatch } from "@std/assert";
import { GuestFile, visiting } from "./torture/guest.ts";
import { Choice } from "./torture/choice.ts";
import { Counters } from "./torture/counters.ts";
import { History, type Message } from "./torture/history.ts";
import { judgeKeys } from "./torture/keys_oracle.ts";
import { drawAnswer, sharing } from "./torture/crew.ts";
import { delay } from "./torture/honest.ts";
import { judgeLater } from "./torture/later.ts";
import { payloadOf } from "./torture/payload.ts";
import { settled } from "./torture/shares.ts";
import { startBroker } from "../support/broker.ts";
import type { Entry, What } from "./workers/diary.ts";

/** `a got 1 @100`, `#2` behind it for the second attempt. */
function entries(...lines: readonly string[]): Entry[] {
  return lines.map((line) => {
    const [who = "", what = "", seq, at = "", attempt = "#1"] = line.split(" ");
    return {
      who,
      what: what as What,
      seq: Number(seq),
      attempt: Number(attempt.slice(1)),
      at: Number(at.slice(1)),
    };
  });
}

function keys(...lines: readonly string[]): string[] {
  return judgeKeys(entries(...lines), { keyOf: (seq) => seq < 10 ? "k" : undefined, ackTimeout: 5000 });
}

Deno.test("of a key one member at a time holds messages, until they are settled, given back, or its time is over", () => {
  for (const ends of ["a acks 1 @110", "a nacks 1 @110", "a lost 0 @110", "a refused 1 @110"]) {
    assertEquals(keys("a got 1 @100", ends, "b got 2 @120"), [], ends);
  }
  assertEquals(keys("a got 1 @100", "a got 2 @101", "b got 10 @102"), []);
  assertEquals(keys("a got 1 @100", "b got 2 @3700"), []);
  assertEquals(keys("a got 1 @100", "b got 2 @120"), ["2 of k came to b while a held 1 of it"]);
  assertEquals(keys("a got 1 @100", "a got 2 @101", "a acks 1 @102", "b got 3 @120"), [
    "3 of k came to b while a held 2 of it",
  ]);
});

Deno.test("what belongs together comes in its order for the first time, whatever comes again", () => {
  assertEquals(keys("a got 2 @100", "a acks 2 @101", "b got 1 @120"), [
    "1 of k came for the first time behind 2",
  ]);
  assertEquals(keys("a got 1 @100", "a got 2 @101", "a nacks 1 @102", "a got 1 @103 #2"), []);
  assertEquals(keys("a got 1 @1", "a got 2 @2", "a lost 0 @3", "b got 1 @4"), [], "a broker that was killed");
});

Deno.test("what comes before it is due, twice, in a false order or never is found", () => {
  const history = new History();
  const publisher = history.publisher();
  const publish = (sentAt: number, later: number): Message => {
    const message = history.publish(publisher, { topic: "#l", sentAt, later });
    message.ackedAt = sentAt + 5;
    return message;
  };
  const published = [publish(0, 1), publish(10, 0.5), publish(20, 2)];
  const [first, second, third] = published as [Message, Message, Message];
  const judged = (...came: readonly (readonly [Message, number])[]): string[] =>
    judgeLater({
      published,
      came: came.map(([message, at], seq) => ({ message, at, seq: seq + 1 })),
      wrong: [],
    })
      .wrong;
  assertEquals(judged([second, 511], [first, 1003], [third, 2030]), []);
  assertMatch(judged([second, 300], [first, 1003], [third, 2030]).join(), /0\.1 of #l came 150 ms before/);
  assertMatch(
    judged([second, 511], [second, 512], [first, 1003], [third, 2030]).join(),
    /0\.1 of #l came twice/,
  );
  assertMatch(
    judged([first, 1003], [second, 1004], [third, 2030]).join(),
    /0\.1 of #l came behind what was due/,
  );
  assertMatch(judged([second, 511], [first, 1003]).join(), /0\.2 of #l was acknowledged and did not come/);
});

Deno.test("an account that receives or publishes what it may not is found", async () => {
  const directory = await Deno.makeTempDir();
  const file = await GuestFile.write(`${directory}/users.toml`);
  // a broker that asks nobody who they are
  await using broker = await startBroker();
  const { subPort, pubPort } = broker;
  const world = {
    history: new History(),
    counters: new Counters(),
    subPort,
    pubPort,
    policy: "block" as const,
  };
  const guest = visiting(world, { file, choice: new Choice(1) });
  const found = (): boolean => /published to/.test(guest.wrong.join()) && /received/.test(guest.wrong.join());
  while (!found()) await new Promise((resolve) => setTimeout(resolve, 10));
  guest.stop();
  await guest.done;
  await Deno.remove(directory, { recursive: true });
  const all = guest.wrong.join("\n");
  assertMatch(all, /published to #\S+: ok/);
  assertMatch(all, /received #/);
});

Deno.test("members are waited for as long as they get on, and not when they stand still", async () => {
  const looks = async (open: number[]): Promise<number> => {
    let [now, count] = [0, 0];
    const look = (): Promise<number> => Promise.resolve(open[Math.min(count++, open.length - 1)]!);
    await settled(look, { withinMs: 30, now: () => now, pause: () => Promise.resolve(void (now += 10)) });
    return count;
  };
  assertEquals(await looks([0]), 1);
  assertEquals(await looks([9, 9, 8, 8, 7, 7, 6, 6, 0]), 9, "longer than that in all");
  assertEquals(await looks([9, 8, 8, 9, 8, 8, 8]), 4, "nothing was done");
});

/** Whoever is asked stands still as soon and as long as may be. */
class StandsStill extends Choice {
  override own(): Choice {
    return this;
  }
  override chance(): boolean {
    return true;
  }
  override number(_least: number, most: number): number {
    return most;
  }
}

Deno.test("what members have not read of a broker that was killed is not read when the next one is there", async () => {
  const [forMembers, forPublishers] = [1, 2].map(() => Deno.listen({ hostname: "127.0.0.1", port: 0 }));
  const connections: Deno.Conn[] = [];
  const say = (connection: Deno.Conn, text: string): Promise<number> =>
    connection.write(new TextEncoder().encode(text));
  const serve = async (listener: Deno.Listener | undefined): Promise<void> => {
    for await (const connection of listener ?? []) {
      connections.push(connection);
      void (async () => {
        const bytes = new Uint8Array(65536);
        await connection.read(bytes);
        await say(connection, "OK_2\n");
        await connection.read(bytes);
        if (listener === forMembers) await say(connection, "ok 1\n");
        while (await connection.read(bytes) !== null);
      })().catch(() => {}); // it was closed
    }
  };
  const served = [serve(forMembers), serve(forPublishers)];
  const [subPort, pubPort] = [forMembers, forPublishers].map((each) => (each?.addr as Deno.NetAddr).port);
  const [history, counters] = [new History(), new Counters()];
  const topic = "#d.g.keyed";
  const message = history.publish(history.publisher(), { topic, sentAt: 0 });
  const world = { history, counters, subPort: subPort!, pubPort: pubPort!, policy: "block" as const };
  const crew = sharing(world, { choice: new StandsStill(1), byKey: true });
  while ((counters.counts.get("idled") ?? 0) < 3) await delay(5);

  const payload = new TextDecoder().decode(payloadOf(topic, { ...message, bytes: 30 }));
  const frame = `pub ${topic} ${payload.length}\n${payload}\n`;
  for (const each of connections) await say(each, `batch ${topic} 1 ${frame.length} seq=1\n${frame}`);
  forMembers?.close();
  crew.lost();
  const { entries } = crew.log;
  const atOnce = entries.filter(({ what }) => what === "lost").length;
  crew.stop();
  await crew.done;
  await crew.leave();

  const lost = new Set<string>();
  const late = entries.filter(({ who, what }) => what === "lost" ? void lost.add(who) : lost.has(who));
  assertEquals([atOnce, late], [3, []]);
  crew.publisher.leave();
  forPublishers?.close();
  for (const each of connections) each.close();
  await Promise.all(served);
});

Deno.test("what is poisoned no member acknowledges, be it late or not", () => {
  const said = (poisoned: boolean): Set<string> =>
    new Set(
      Array.from({ length: 1000 }, (_, at) => {
        const answer = drawAnswer(at / 1000, { poisoned });
        return answer === undefined ? "nothing" : `${answer.what}${answer.late ? " late" : ""}`;
      }),
    );
  assertEquals(said(false), new Set(["nothing", "ack late", "nack", "ack"]));
  assertEquals(said(true), new Set(["nothing", "nack late", "nack"]));
});
