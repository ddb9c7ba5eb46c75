/**
 * What this runtime leaves to be had beside a crowd that says nothing: it accepts, knows nobody, hands one message
 * at a time on, and ends who has said nothing for `--login-timeout`. It takes the broker's arguments, and leaves
 * the others aside.
 *
 *     deno run -A bench/silence/main.ts --silent --broker 'deno run -A bench/silence/bare.ts'
 *
 * @module
 */
import { parseArgs } from "../../lib/std/parse_args.ts";
import { printLine } from "../../scripts/terminal.ts";

/** How many are ended in a second at most, a few at a time, and how long others have between that, milliseconds. */
const ENDED_A_SECOND = 2200;
const PACE_MS = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const { "login-timeout": loginTimeout = "10000ms" } = parseArgs(Deno.args, { string: ["login-timeout"] });
const timeout = Number.parseInt(String(loginTimeout));
/** When each came, in that order. */
const silent = new Map<Deno.TcpConn, number>();
const subscribers = new Map<string, Deno.TcpConn>();

async function serve(connection: Deno.TcpConn): Promise<void> {
  silent.set(connection, performance.now());
  const into = new Uint8Array(512);
  let text = "";
  try {
    for (let count = await connection.read(into); count !== null; count = await connection.read(into)) {
      silent.delete(connection);
      text = await answer(connection, text + decoder.decode(into.subarray(0, count)));
    }
    connection.close();
  } catch (error) {
    // it was ended, or is gone
    if (!(error instanceof Error)) throw error;
  }
  silent.delete(connection);
}

/** Answers what is whole; the rest. */
async function answer(connection: Deno.TcpConn, text: string): Promise<string> {
  const end = text.indexOf("\n");
  if (end < 0) return text;
  const [first = "", second = "", third = ""] = text.slice(0, end).split(" ");
  let over = end + 1;
  if (second === "hello") await write(connection, "OK_2\nwelcome\n");
  else if (first === "sub") {
    subscribers.set(second, connection);
    await write(connection, "OK\n");
  } else {
    over += Number(third) + 1;
    if (text.length < over) return text;
    await write(subscribers.get(second)!, `msg ${second} ${third}\n${text.slice(end + 1, over)}`);
    await write(connection, "OK\n");
  }
  return await answer(connection, text.slice(over));
}

async function write(connection: Deno.TcpConn, text: string): Promise<void> {
  await connection.write(encoder.encode(text));
}

async function acceptAll(listener: Deno.TcpListener): Promise<void> {
  for await (const connection of listener) {
    connection.setNoDelay(true);
    connection.setKeepAlive(true);
    void serve(connection);
  }
}

let looked = performance.now();

/** Ends those who came first, as many as there was time for since it was done last. */
function endLate(): void {
  const now = performance.now();
  const since = now - timeout;
  let left = Math.ceil(ENDED_A_SECOND * (now - looked) / 1000);
  looked = now;
  for (const [connection, came] of silent) {
    if (came > since || left-- === 0) return;
    silent.delete(connection);
    connection.close();
  }
}

const [subscriberPort, publisherPort] = ["subscribers", "publishers"].map(() => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void acceptAll(listener);
  return (listener.addr as Deno.NetAddr).port;
});
setInterval(endLate, PACE_MS);
printLine(`ready: subscribers 127.0.0.1:${subscriberPort}, publishers 127.0.0.1:${publisherPort}`);
