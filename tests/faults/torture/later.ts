/**
 * One that publishes what is to come later (D9), and one that reads it from the beginning, again after each end
 * of its connection.
 *
 * @module
 */
import type { Choice } from "./choice.ts";
import type { Message } from "./history.ts";
import { delay, Publisher, type World } from "./honest.ts";
import { nameOf } from "./findings.ts";
import { readPayload } from "./payload.ts";
import { Peer } from "./peer.ts";
import { type Actor, keepOn } from "./workload.ts";

/** Where it came, `at` milliseconds of this process. */
interface Came {
  readonly message: Message;
  readonly seq: number;
  readonly at: number;
}

/** What one connection of the reader got, in its order; what is wrong by itself. */
export interface LaterLog {
  readonly published: Message[];
  came: Came[];
  readonly wrong: string[];
}

const TOPIC = "#d.l.later";
const DELAYS = [0.2, 0.5, 1, 2.5];
const OPEN = 200;
const PAUSE_MS = 15;
const ANSWER_MS = 3000;
/** The wall clock of the broker and the clock of this process may move apart by so much, milliseconds. */
const SLACK_MS = 60;

export function postponing(
  world: World,
  choice: Choice,
): { readonly publisher: Publisher; readonly log: LaterLog; leave(): Promise<void> } & Actor {
  const publisher = new Publisher(world, true);
  const log: LaterLog = { published: [], came: [], wrong: [] };
  let on = true;
  let here = true;
  const publishing = async (): Promise<void> => {
    if (!publisher.connected) await publisher.connect();
    for (let burst = choice.number(1, 4); burst > 0; burst--) {
      const later = choice.of(DELAYS);
      const message = publisher.publish({ topic: TOPIC, bytes: choice.of([30, 300]), id: true, later });
      if (message !== undefined) log.published.push(message);
    }
    await publisher.answered(OPEN, ANSWER_MS);
    await delay(PAUSE_MS);
  };
  const done = keepOn(() => on, publishing).then(async () => {
    if (!publisher.connected) await publisher.connect();
  });
  const reading = keepOn(() => here, async () => {
    log.came = [];
    const peer = await Peer.connect(world.subPort, {
      v2: true,
      message: (_, payload, seq = 0) => {
        const at = performance.now();
        const who = readPayload(TOPIC, payload);
        const message = who && world.history.publishers[who.publisher]?.[who.number];
        if (message === undefined) log.wrong.push(`${payload.length} bytes that nobody sent`);
        else log.came.push({ message, seq, at });
        world.counters.add("postponed");
      },
    });
    const answer = await peer.ask(`sub ${TOPIC} from=earliest\n`);
    if (answer?.ok === false && !/BUSY/.test(answer.line)) log.wrong.push(answer.line);
    while (here && !peer.closed && answer?.ok === true) await delay(50);
    peer.close();
  });
  return {
    publisher,
    log,
    done,
    stop: () => void (on = false),
    leave: async () => {
      here = false;
      await reading;
    },
  };
}

/** `open`: those that have still to come. */
export function judgeLater({ published, came, wrong }: LaterLog): {
  readonly open: number;
  readonly wrong: string[];
} {
  const told: string[] = [...wrong];
  const add = (what: string): void => void (told.length < 10 && told.push(what));
  const seen = new Set<Message>();
  let due = 1;
  /** The least that what came before was due at, for certain. */
  let latest = -Infinity;
  for (const { message, seq, at } of came) {
    const { sentAt, later = 0, ackedAt = Infinity } = message;
    const earliest = sentAt + 1000 * later - SLACK_MS;
    if (at < earliest) add(`${nameOf(message)} came ${(earliest - at).toFixed(0)} ms before it was due`);
    if (seen.has(message)) add(`${nameOf(message)} came twice`);
    seen.add(message);
    if (seq !== due) add(`${nameOf(message)} has number ${seq}, and ${due} was due`);
    due = seq + 1;
    if (ackedAt + 1000 * later + SLACK_MS < latest) add(`${nameOf(message)} came behind what was due later`);
    latest = Math.max(latest, earliest);
  }
  let open = 0;
  for (const message of published) {
    if (message.ackedAt === undefined || seen.has(message)) continue;
    open++;
    add(`${nameOf(message)} was acknowledged and did not come`);
  }
  return { open, wrong: told.map((what) => `later: ${what}`) };
}
