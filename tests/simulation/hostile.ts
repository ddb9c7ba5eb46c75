/**
 * Clients that mean no good, or know no better.
 *
 * @module
 */
import { PUB_PORT, type Stage, SUB_PORT } from "./actors.ts";
import { type Manner, stumble } from "./careless.ts";
import { FRAMES, LINES, SUBSCRIBES } from "./manners.ts";
import type { HostilePlan, Hostility } from "./plan.ts";
import type { ClientEnd } from "./world/ends.ts";
import type { Random } from "./world/random.ts";
import { READER } from "./watch.ts";
import { Node } from "./world/world.ts";

const encoder = new TextEncoder();
/** How often one that was thrown out comes again. */
const LIVES = 3;

const MANNERS: Partial<Readonly<Record<Hostility, Manner>>> = {
  "makes mistakes": FRAMES,
  "makes mistakes in classic": LINES,
  "subscribes with mistakes": SUBSCRIBES,
};

/** Goes on until it is thrown out for good, or `over` says that it is enough. */
export async function torment(stage: Stage, plan: HostilePlan, over: () => boolean): Promise<void> {
  const { world, network, states } = stage;
  const manner = MANNERS[plan.kind];
  if (manner !== undefined) return stumble(stage, { plan, manner, over });
  const way = WAYS[plan.kind];
  if (way === undefined) return;
  const random = world.streams.of(`hostile ${plan.name}`);
  const node = new Node(world, { name: plan.name });
  await world.pause(plan.at);
  const never = new AbortController().signal;
  for (let lives = LIVES; lives > 0 && !over(); lives--) {
    const port = plan.kind === "sub and unsub" || plan.kind === "never reads" ? SUB_PORT : PUB_PORT;
    let end: ClientEnd | undefined;
    try {
      const connected = end = await network.connect(node, port, { signal: never });
      // nobody has to free one that waits for itself
      node.after(Math.max(0, stage.plan.length - world.now), () => connected.close());
      await way(end, { random, over, pause: (ms) => world.pause(ms) });
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

const WAYS: Partial<Readonly<Record<Hostility, Way>>> = {
  async garbage(end, { random, over, pause }): Promise<void> {
    void drainOf(end);
    while (!over()) {
      const bytes = new Uint8Array(random.between(1, 300));
      for (let at = 0; at < bytes.length; at++) bytes[at] = random.pick(BYTES);
      await end.write(random.chance(0.3) ? encoder.encode(random.pick(WRONG_LINES)) : bytes);
      await pause(random.spread(20));
    }
  },
  async "never reads"(end, { random, over, pause }): Promise<void> {
    const slow = random.pick(LOSSY);
    const asked = random.pick([
      "sub #>\nsub #m.a slow=latest\nsub #d.> from=earliest\n",
      `sub #> slow=${slow}\n`,
      `sub #m.> slow=${slow}\nsub #d.> slow=${random.pick(LOSSY)}\nsub #*.b slow=latest\n`,
      "sub #> slow=latest\n",
      "sub #m.> group=h window=10\n",
    ]);
    const asks = random.chance(0.3);
    // what is read of what is stored, and replies, are bounded in another way: who has these is known by the name
    const id = asks || asked.includes("from=") ? READER : "h";
    await end.write(encoder.encode(`${id} hello 2\n${asked}`));
    if (asks) await asksAndAsks(end, { over, pause });
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
    await end.write(encoder.encode(`${READER} hello 2\n`));
    for (let left = 300; left > 0 && !over(); left--) {
      const pattern = random.pick(["#d.>", "#m.a", "#x.*", "#>"]);
      const terms = random.pick([
        " from=earliest",
        " from=earliest",
        "",
        "",
        " group=h",
        " group=h window=1",
      ]);
      const of = terms.includes("group") ? " group=h" : "";
      await end.write(
        encoder.encode(random.chance(0.5) ? `sub ${pattern}${terms}\n` : `unsub ${pattern}${of}\n`),
      );
      await pause(random.spread(20));
    }
  },
};

const LOSSY = ["drop-old", "drop-new", "latest", "disconnect"];

/** What it is answered is never read, until nothing more of it is taken. */
async function asksAndAsks(end: ClientEnd, { over, pause }: Pick<Means, "over" | "pause">): Promise<void> {
  for (let left = 100; left > 0 && !over(); left--) {
    await end.write(PINGS);
    await pause(10);
  }
}

const PINGS = encoder.encode("ping\nsub #never..\n".repeat(40));
const BYTES = [...encoder.encode("pub sub hello 2 #a.>*=\n\r"), 0, 127, 255, 10, 10];
const WRONG_LINES = [
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
