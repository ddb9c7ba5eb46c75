/**
 * Clients that mean no good, or know no better.
 *
 * @module
 */
import { PUB_PORT, type Stage, SUB_PORT } from "./actors.ts";
import type { HostilePlan } from "./plan.ts";
import type { ClientEnd } from "./world/ends.ts";
import type { Random } from "./world/random.ts";
import { Node } from "./world/world.ts";

const encoder = new TextEncoder();
/** How often one that was thrown out comes again. */
const LIVES = 3;

/** Goes on until it is thrown out for good, or `over` says that it is enough. */
export async function torment(stage: Stage, plan: HostilePlan, over: () => boolean): Promise<void> {
  const { world, network, states } = stage;
  const random = world.streams.of(`hostile ${plan.name}`);
  const node = new Node(world, { name: plan.name });
  await world.pause(plan.at);
  const never = new AbortController().signal;
  for (let lives = LIVES; lives > 0 && !over(); lives--) {
    const port = plan.kind === "never reads" || plan.kind === "sub and unsub" ? SUB_PORT : PUB_PORT;
    let end: ClientEnd | undefined;
    try {
      end = await network.connect(node, port, { signal: never });
      await WAYS[plan.kind](end, { random, over, pause: (ms) => world.pause(ms) });
    } catch {
      // thrown out, refused, reset: it comes again
      if (end !== undefined) states.reached("a hostile client is thrown out");
    }
    end?.close();
    await world.pause(random.spread(500));
  }
}

interface Means {
  readonly random: Random;
  readonly over: () => boolean;
  readonly pause: (ms: number) => Promise<void>;
}

type Way = (end: ClientEnd, means: Means) => Promise<void>;

const WAYS: Readonly<Record<HostilePlan["kind"], Way>> = {
  async garbage(end, { random, over, pause }): Promise<void> {
    void drainOf(end);
    while (!over()) {
      const bytes = new Uint8Array(random.between(1, 300));
      for (let at = 0; at < bytes.length; at++) bytes[at] = random.pick(BYTES);
      await end.write(random.chance(0.3) ? encoder.encode(random.pick(LINES)) : bytes);
      await pause(random.spread(20));
    }
  },
  async "never reads"(end, { over, pause }): Promise<void> {
    await end.write(encoder.encode("h hello 2\nsub #>\nsub #m.a slow=latest\nsub #d.> from=earliest\n"));
    while (!over()) await pause(1000);
  },
  async dribbles(end, { over, pause }): Promise<void> {
    void drainOf(end);
    const bytes = encoder.encode("h pub #m.a a message that never comes to its end");
    for (let at = 0; !over(); at = (at + 1) % (bytes.length - 1)) {
      await end.write(bytes.subarray(at, at + 1));
      await pause(500);
    }
  },
  async floods(end, { random, over, pause }): Promise<void> {
    void drainOf(end);
    await end.write(encoder.encode("h hello 2\n"));
    // to topics that nobody else publishes to, and most nobody wants
    const block = encoder.encode("pub #h.flood 5\nflood\nping\n".repeat(40));
    for (let left = random.between(5, 60); left > 0 && !over(); left--) {
      await end.write(block);
      await pause(random.spread(5));
    }
  },
  async "sub and unsub"(end, { random, over, pause }): Promise<void> {
    void drainOf(end);
    await end.write(encoder.encode("h hello 2\n"));
    for (let left = 300; left > 0 && !over(); left--) {
      const pattern = random.pick(["#d.>", "#m.a", "#x.*", "#>"]);
      const from = random.chance(0.5) ? " from=earliest" : "";
      await end.write(encoder.encode(random.chance(0.5) ? `sub ${pattern}${from}\n` : `unsub ${pattern}\n`));
      await pause(random.spread(20));
    }
  },
};

const BYTES = [...encoder.encode("pub sub hello 2 #a.>*=\n\r"), 0, 127, 255, 10, 10];
const LINES = [
  "h hello 2\n",
  "h pub #m.a\n",
  "h pub not.a.topic x\n",
  "pub #m.a 99999999999\n",
  "h sub #a..b\n",
  "pub #x -1\n",
  "batch #d.a 1 3 seq=1 ts=1\n",
  "h unsub #never\n",
];

/** Reads until it ends. */
async function drainOf(end: ClientEnd): Promise<void> {
  try {
    while (await end.read() !== null);
  } catch {
    // it ended
  }
}
