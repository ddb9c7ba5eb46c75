/**
 * A round: one broker, attackers whose transcripts change with what they find out, and an honest pair beside them.
 *
 * @module
 */
import { seeded } from "../../faults/random.ts";
import { LITTLE_SAYS } from "../accounts.ts";
import { within } from "../../support/within.ts";
import { Talker } from "../talker.ts";
import { attack } from "./attack.ts";
import { FuzzedBroker } from "./broker.ts";
import { Honest } from "./honest.ts";
import { mutated } from "./mutate.ts";
import type { Novelty } from "./novelty.ts";
import { tlsWire } from "./tls_wire.ts";
import { readWritten, type Transcript, written } from "./transcript.ts";

export interface RoundOptions {
  readonly seed: number;
  readonly ms: number;
  /** So many at most (any number), each attacker beside the one that it is at. */
  readonly executions?: number;
  /** What is mutated; what leads to new answers is added to it. */
  readonly corpus: Transcript[];
  readonly novelty: Novelty;
  /** Whether the broker has accounts. */
  readonly accounts: boolean;
  /** Whether it speaks TLS: then it has no accounts. */
  readonly tls?: boolean;
  /** Told which process it is. */
  readonly started?: (pid: number) => void;
}

/** What came of a round. */
export interface RoundReport {
  readonly executions: number;
  readonly novel: number;
  readonly published: number;
  readonly received: number;
  /** Bytes the broker took before and after, and the descriptors it had open. */
  readonly memory: readonly [before: number, after: number];
  readonly descriptors: readonly [before: number, after: number];
  readonly findings: readonly string[];
  /** The transcripts that were said last before something was found. */
  readonly suspects: readonly Transcript[];
}

const NOT_ENDED = "the broker did not end a connection that said nothing more";
const ATTACKERS = 8;
const SUSPECTS_MOST = 256;
/** Executions between two looks at a connection of its own. */
const HEALTH_EVERY = 500;
/** Executions behind which its memory is the baseline: by then its code is compiled, and its buffers are there. */
const WARM_AT = 1500;
/** What may be left of a round, bytes: heaps grow and shrink in steps, and checking secrets takes 32 MiB each time. */
const GROWTH_MOST = 64 * 1024 * 1024;
const GROWTH_WITH_ACCOUNTS = 128 * 1024 * 1024;
const QUIET_WITHIN_MS = 12_000;

/** Runs one. */
export async function runRound(
  { seed, ms, executions: most = Infinity, corpus, novelty, accounts, tls, started }: RoundOptions,
): Promise<RoundReport> {
  const random = seeded(seed);
  const findings: string[] = [];
  const suspects: Transcript[] = [];
  const broker = await FuzzedBroker.start({ accounts, tls });
  const secret = crypto.randomUUID();
  const { subPort, pubPort, httpPort, issuer } = broker;
  const honest = await Honest.on({ subPort, pubPort, accounts, issuer, secret });
  const forbidden = accounts ? { forbidden: secret } : {};
  const target = { subPort, pubPort, httpPort, accounts, issuer, random, ...forbidden };
  started?.(broker.pid);
  const descriptors = broker.descriptors;
  const began = performance.now();
  let executions = 0;
  let novel = 0;
  let on = true;
  const looked = (): string | undefined => broker.defect ?? honest.wrong;
  const attacking = async (): Promise<void> => {
    while (on && executions < most && performance.now() - began < ms && looked() === undefined) {
      const transcript = mutated(known(drawn(corpus, random), { accounts, random }), corpus, random);
      suspects.push(transcript);
      if (suspects.length > SUSPECTS_MOST) suspects.shift();
      const heard = await attack(transcript, target).catch((error) => {
        findings.push(error.message);
        on = false;
        return "";
      });
      if (++executions === WARM_AT) before = broker.memory;
      if (heard === undefined) findings.push(NOT_ENDED);
      else if (novelty.isNew(heard)) {
        novel++;
        corpus.push(transcript);
      }
      if (executions % HEALTH_EVERY === 0) {
        await health(broker).catch((error) => findings.push(`a connection of its own: ${error.message}`));
      }
    }
  };
  let before = 0;
  await Promise.all(Array.from({ length: ATTACKERS }, attacking));
  if (before === 0) before = broker.memory;
  await honest.stop();
  const bound = before + (accounts ? GROWTH_WITH_ACCOUNTS : GROWTH_MOST);
  const after = await broker.quiet({ memory: bound, descriptors, ms: QUIET_WITHIN_MS });
  // both: a broker that is gone is what its clients notice first
  for (const wrong of [broker.defect, honest.wrong]) if (wrong !== undefined) findings.push(wrong);
  if (findings.length === 0) {
    if (after.memory > bound) {
      findings.push(`memory stays at ${mib(after.memory)} MiB, it was ${mib(before)}`);
    }
    if (after.descriptors > descriptors) {
      findings.push(`${after.descriptors - descriptors} descriptors stay open`);
    }
  }
  const code = await broker.stop();
  if (broker.defect !== undefined && !findings.includes(broker.defect)) findings.push(broker.defect);
  if (code !== 0) findings.push(`the broker ended with ${code}`);
  return {
    executions,
    novel,
    published: honest.published,
    received: honest.received,
    memory: [before, after.memory],
    descriptors: [descriptors, after.descriptors],
    findings,
    suspects,
  };
}

/** Says these one after the other to a broker of their own, and says what was wrong behind each. */
export async function replay(
  transcripts: readonly Transcript[],
  { accounts, tls }: { accounts: boolean; tls?: boolean | undefined },
): Promise<string[]> {
  const broker = await FuzzedBroker.start({ accounts, tls });
  const secret = crypto.randomUUID();
  const { subPort, pubPort, httpPort, issuer } = broker;
  const honest = await Honest.on({ subPort, pubPort, accounts, issuer, secret });
  const found: string[] = [];
  const target = {
    subPort,
    pubPort,
    httpPort,
    accounts,
    issuer,
    random: Math.random,
    ...(accounts ? { forbidden: secret } : {}),
  };
  for (const transcript of transcripts) {
    const heard = await attack(transcript, target).catch((error) => void found.push(error.message));
    if (heard === undefined && found.length === 0) found.push(NOT_ENDED);
    await health(broker).catch((error) => found.push(error.message));
    if (found.length > 0 || (broker.defect ?? honest.wrong) !== undefined) break;
  }
  await honest.stop();
  for (const wrong of [broker.defect, honest.wrong]) if (wrong !== undefined) found.push(wrong);
  await broker.stop();
  return found;
}

/** A half of what is mutated is what was found last. */
function drawn(corpus: readonly Transcript[], random: () => number): Transcript {
  const recent = random() < 0.5 ? Math.min(corpus.length, 64) : corpus.length;
  return corpus[corpus.length - 1 - Math.floor(random() * recent)]!;
}

/** With accounts an attacker mostly knows one of them. */
function known(
  transcript: Transcript,
  { accounts, random }: { readonly accounts: boolean; readonly random: () => number },
): Transcript {
  if (!accounts || random() < 0.2) return transcript;
  const text = written(transcript).text.replace(/hello 2\n/, `hello 2 ${LITTLE_SAYS}\n`);
  // it may ask for all, and then gets what it may
  if (transcript.on === "subscribers" && random() < 0.3) {
    return readWritten({ on: "subscribers", text: text.replace(/^sub \S+/gm, "sub #>") });
  }
  // what it may do begins so
  return readWritten({ on: transcript.on, text: random() < 0.5 ? text.replaceAll("#a", "#p.a") : text });
}

/** Who comes anew is served. */
async function health(
  { pubPort, issuer }: { readonly pubPort: number; readonly issuer: string | undefined },
): Promise<void> {
  using talker = issuer === undefined
    ? await Talker.connect(pubPort)
    : new Talker(await tlsWire(pubPort, issuer));
  await talker.say("health hello 2\nping\n");
  await within("an answer", talker.until((text) => text.endsWith("\n"), "an answer"));
  if (!/^(OK_2|ERR_DENIED)\n/.test(talker.text)) throw new Error(`${JSON.stringify(talker.text)} came`);
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}
