import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connectPublisher } from "../../../lib/mod.ts";
import { HAS_OPENSSL } from "../../support/certificates.ts";
import { seeded } from "../../faults/random.ts";
import { HONEST } from "../accounts.ts";
import { attack } from "./attack.ts";
import { FuzzedBroker } from "./broker.ts";
import { corpus } from "./corpus.ts";
import { Honest } from "./honest.ts";
import { mutated } from "./mutate.ts";
import { Novelty, shapeOf } from "./novelty.ts";
import { replay, runRound } from "./round.ts";
import { readWritten, written } from "./transcript.ts";

/** As many as some seconds take, and as long as they may on a machine with much to do. */
const EXECUTIONS = 300;
const ROUND_MS = 25_000;

for (const accounts of [false, true]) {
  const beside = accounts ? "with accounts" : "without";
  Deno.test(`some seconds of mutations, ${beside}: no defect, no message missed, nothing left behind`, async () => {
    const transcripts = corpus();
    const before = transcripts.length;
    const report = await runRound({
      seed: 11,
      ms: ROUND_MS,
      executions: EXECUTIONS,
      corpus: transcripts,
      novelty: new Novelty(),
      accounts,
    });
    assertEquals(report.findings, []);
    assert(report.executions > 10 && report.published > 0, `${report.executions} executions`);
    assertEquals(report.received, report.published);
    assert(transcripts.length > before, "what is answered in a new way is kept");
  });
}

Deno.test({
  name: `some seconds of mutations inside of TLS and of its records: nothing missed, nothing left behind${
    HAS_OPENSSL ? "" : " (skipped: without openssl there are no certificates)"
  }`,
  ignore: !HAS_OPENSSL,
  fn: async () => {
    const report = await runRound({
      seed: 21,
      ms: ROUND_MS,
      executions: EXECUTIONS / 2,
      corpus: corpus(),
      novelty: new Novelty(),
      accounts: false,
      tls: true,
    });
    assertEquals(report.findings, []);
    assert(report.executions > 10 && report.novel > 3, `${report.executions}, ${report.novel} of them new`);
    assertEquals(report.received, report.published);
  },
});

Deno.test("a broker that dies of a mutation is found, and what was said to it is kept", async () => {
  const report = await runRound({
    seed: 12,
    ms: ROUND_MS,
    corpus: corpus(),
    novelty: new Novelty(),
    accounts: false,
    started: (pid) => setTimeout(() => Deno.kill(pid, "SIGKILL"), 500),
  });
  assertMatch(report.findings.join("\n"), /has ended by itself/);
  assert(report.suspects.length > 0);
});

Deno.test("a message that nobody sent, or that is missing, is found; so is one of who may not publish", async () => {
  for (
    const [accounts, topic, said] of [
      [false, "#honest.known", /7777 came where \d+ was to come/],
      [true, "#honest.known", /7777 came where \d+ was to come/],
      [true, "#p.secret.other", /#p\.secret\.other was published by who may not/],
    ] as const
  ) {
    const broker = await FuzzedBroker.start({ accounts });
    const { subPort, pubPort } = broker;
    const honest = await Honest.on({ subPort, pubPort, accounts, secret: "known" });
    const credentials = accounts ? { credentials: HONEST } : {};
    const intruder = await connectPublisher({ id: "intruder", port: pubPort, ...credentials });
    await intruder.publish(topic, "7777");
    await intruder.close();
    await honest.stop();
    assertMatch(honest.wrong ?? "nothing", said);
    assertEquals(await broker.stop(), 0);
  }
});

Deno.test("what an attacker hears and may not receive is found", async () => {
  const broker = await FuzzedBroker.start({ accounts: true });
  const { subPort, pubPort, httpPort } = broker;
  const honest = await Honest.on({ subPort, pubPort, accounts: true, secret: "known" });
  const says = `c hello 2 user=${HONEST.user} token=${HONEST.token}\nsub #>\n`;
  const transcript = readWritten({ on: "subscribers", text: says, leaving: "stays" });
  const target = { subPort, pubPort, httpPort, accounts: true, random: Math.random, forbidden: "known" };
  await assertRejects(() => attack(transcript, target), Error, "heard what it may not receive");
  await honest.stop();
  assertEquals([honest.wrong, await broker.stop()], [undefined, 0]);
});

Deno.test("what is said again, one after the other, finds nothing where there is nothing", async () => {
  assertEquals(await replay(corpus().slice(0, 20), { accounts: false }), []);
});

Deno.test("a seed draws the same mutations, each within bounds, and none is what it was made of", () => {
  const seeds = corpus();
  const draw = (): ReturnType<typeof mutated>[] => {
    const random = seeded(5);
    return Array.from({ length: 500 }, (_, at) => mutated(seeds[at]!, seeds, random));
  };
  const some = draw();
  assertEquals(draw(), some);
  assert(some.every(({ bytes }) => bytes.length <= 64 * 1024));
  const same = some.filter(({ bytes }, at) => String(bytes) === String(seeds[at]!.bytes));
  assert(same.length < 50, `${same.length} of 500 are as they were`);
  assert(some.some(({ leaving }) => leaving !== "ends") && some.some(({ cuts }) => cuts.length > 1));
});

Deno.test("a transcript is the same when it was written and read", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (const leaving of ["ends", "cuts", "stays"] as const) {
    const transcript = { on: "publishers", bytes, cuts: leaving === "cuts" ? [1, 2] : [], leaving } as const;
    assertEquals(readWritten(JSON.parse(JSON.stringify(written(transcript)))), transcript);
  }
});

Deno.test("answers that differ in names and numbers are alike, others are new once", () => {
  assertEquals(
    shapeOf('err BAD_TOPIC a topic has no empty segment, "#a..b" has one'),
    shapeOf(
      'err BAD_TOPIC a topic has no empty segment, "#x..y" has one',
    ),
  );
  assertEquals(shapeOf("ok 7 level=memory subs=1"), shapeOf("ok 1 level=memory subs=12"));
  const novelty = new Novelty();
  assertEquals(
    ["OK\nOK\n", "OK\n", "OK\nERR_BUSY\n", "OK\nOK\nERR_BUSY\n"].map((heard) => novelty.isNew(heard)),
    [
      true,
      false,
      true,
      false,
    ],
  );
});
