/**
 * The limit: bytes from publishers to subscribers, unread. `deno run -A bench/relay.ts [--pairs] [--answer BYTES]`
 *
 * Every subscriber gets what every publisher sends; with `--pairs` the n-th publisher's bytes go to the n-th subscriber
 * alone. With `--answer BYTES` a publisher gets `OK` for each so many bytes: the limit of a broker that answers.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

const READ_BYTES = 256 * 1024;
const OK = new TextEncoder().encode("OK\n");

const options = parseArgs(Deno.args, { boolean: ["pairs"], string: ["answer"] });
const answerEvery = Number(options["answer"] ?? 0);
const pairs = options["pairs"] === true;
const subscribers: Deno.TcpConn[] = [];
let publishers = 0;

async function write(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** Moves what one publisher sends; its next read waits until all have the last. */
async function relay(from: Deno.TcpConn, number: number): Promise<void> {
  const buffer = new Uint8Array(READ_BYTES);
  const answers = new Uint8Array(OK.length * Math.max(1, Math.ceil(READ_BYTES / Math.max(1, answerEvery))));
  for (let at = 0; at < answers.length; at += OK.length) answers.set(OK, at);
  let seen = 0;
  for (let got = await from.read(buffer); got !== null; got = await from.read(buffer)) {
    const bytes = buffer.subarray(0, got);
    const own = pairs ? subscribers[number] : undefined;
    if (own !== undefined) await write(own, bytes);
    else if (subscribers.length === 1 && subscribers[0] !== undefined) await write(subscribers[0], bytes);
    else if (!pairs) await Promise.all(subscribers.map((to) => write(to, bytes)));
    if (answerEvery > 0) {
      const due = Math.floor((seen + got) / answerEvery) - Math.floor(seen / answerEvery);
      seen += got;
      if (due > 0) await write(from, answers.subarray(0, due * OK.length));
    }
  }
}

async function subscribe(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay(true);
  subscribers.push(connection);
  await write(connection, OK);
  await connection.read(new Uint8Array(1));
}

async function acceptSubscribers(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) {
    subscribe(connection).catch(ended).finally(() => {
      subscribers.splice(subscribers.indexOf(connection), 1);
      connection.close();
    });
  }
}

async function acceptPublishers(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) {
    connection.setNoDelay(true);
    relay(connection, publishers++).catch(ended).finally(() => {
      publishers--;
      connection.close();
    });
  }
}

/** A peer that went away ends its own connection; anything else is a fault of this program. */
function ended(error: unknown): void {
  const wentAway = error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
  if (!wentAway) throw error;
}

const forSubscribers = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const forPublishers = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const ready =
  `relay ready: subscribers 127.0.0.1:${forSubscribers.addr.port}, publishers 127.0.0.1:${forPublishers.addr.port}\n`;
await Deno.stdout.write(new TextEncoder().encode(ready));
await Promise.all([acceptSubscribers(forSubscribers), acceptPublishers(forPublishers)]);
