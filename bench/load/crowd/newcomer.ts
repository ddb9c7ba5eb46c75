/**
 * The thread of {@link Newcomers}: somebody connects as a subscriber and as a publisher, subscribes to a topic of its own,
 * publishes a message and gets it; and after a pause the next one.
 *
 * @module
 */
import { type Dialect, DIALECTS } from "../dialects/mod.ts";
import { type Job, payloadOf } from "../job.ts";
import { endsWith, Wire } from "../wire.ts";
import { GOING, type NewcomerNews, type NewcomerTask, UNDER_WAY } from "./newcomers.ts";

const PAUSE_MS = 50;
/** Longer than this nobody is waited for. */
const PATIENCE_MS = 20_000;

/** What a worker has that the types of a window have not. */
const scope = self as unknown as {
  postMessage(news: NewcomerNews): void;
  onmessage: (event: MessageEvent<NewcomerTask>) => void;
};

function say(news: NewcomerNews): void {
  scope.postMessage(news);
}

async function come({ job, words }: NewcomerTask): Promise<void> {
  say({ is: "ready" });
  Atomics.wait(words, GOING, 0);
  for (let number = 0; number === 0 || Atomics.load(words, GOING) === 1; number++) {
    Atomics.store(words, UNDER_WAY, 1);
    const start = performance.now();
    const wires: Wire[] = [];
    let open = true;
    const close = (): void => {
      if (open) { for (const wire of wires) wire.close(); }
      open = false;
    };
    const late = setTimeout(close, PATIENCE_MS);
    try {
      await one(job, number, wires);
      say({ is: "served", took: (performance.now() - start) * 1000 });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      say({ is: "unserved", took: (performance.now() - start) * 1000, why });
    } finally {
      clearTimeout(late);
      Atomics.store(words, UNDER_WAY, 0);
      close();
    }
    await new Promise((done) => setTimeout(done, PAUSE_MS));
  }
  say({ is: "done" });
}

/** Throws when it is not served. `wires` gets what it opens, so that it can be ended. */
async function one(job: Job, number: number, wires: Wire[]): Promise<void> {
  const dialect: Dialect = DIALECTS[job.dialect];
  const topic = `n${String(number).padStart(5, "0")}`;
  const payload = payloadOf(job.shape.size);
  const expected = dialect.delivery(topic, payload);
  const open = async (port: number): Promise<Wire> => {
    const wire = await Wire.open({ host: job.host, port }, null);
    wires.push(wire);
    return wire;
  };
  const subscriber = await open(job.subscriberPort);
  const asked = dialect.subscriberHello([topic]);
  if (asked !== null) await subscriber.ask(asked);
  const publisher = await open(job.publisherPort);
  const hello = dialect.publisherHello();
  if (hello !== null) await publisher.ask(hello);
  await publisher.write(dialect.publish(topic, payload));
  const buffer = new Uint8Array(2 * expected.length);
  for (let filled = 0; !endsWith(buffer.subarray(0, filled), expected);) {
    const got = await subscriber.read(buffer.subarray(filled));
    if (got === null) throw new Error("the broker closed the connection");
    filled += got;
    if (filled === buffer.length) throw new Error("it got more than its message");
  }
}

scope.onmessage = ({ data }) => void come(data);
