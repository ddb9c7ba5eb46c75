/**
 * A worker that is there to be killed: `worker.ts PORT WHO DIARY SEED`. It speaks to the broker with its own
 * words, settles most of what it is given, in any order, gives some back, forgets some, and writes all of it
 * down.
 *
 * @module
 */
import { seeded } from "../random.ts";
import { lineOf, moment, type What } from "./diary.ts";
import { GROUP, POISON, TOPIC, WINDOW } from "./names.ts";

const [port, worker = "", diary = "", seed] = Deno.args;
const random = seeded(Number(seed));
const file = Deno.openSync(diary, { append: true, create: true });
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Parts of what it is given that it gives back, and that it forgets. */
const GIVEN_BACK = 0.02;
const FORGOTTEN = 0.002;
/** It takes so long for one at most, milliseconds. */
const WORK_MS = 100;
const AGAIN_MS = 30;

for (let connection = 0;; connection++) {
  await serve(`${worker}.${connection}`);
  await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
}

async function serve(who: string): Promise<void> {
  const note = (what: What, seq: number, attempt = 0): void => {
    file.writeSync(encoder.encode(lineOf({ who, what, seq, attempt, at: moment() })));
  };
  let socket: Deno.TcpConn;
  try {
    socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  } catch {
    // the broker is dead, and comes back
    return;
  }
  try {
    const asked: { readonly what: "ack" | "nack"; readonly seq: number }[] = [];
    const say = (text: string): Promise<number> => socket.write(encoder.encode(text));
    await say(`${worker} hello 2\nsub ${TOPIC} group=${GROUP} window=${WINDOW} ack=explicit from=earliest\n`);
    const settle = (seq: number, payload: string): void => {
      const chance = random();
      if (chance < FORGOTTEN) return;
      const what = payload.startsWith(POISON) || chance < FORGOTTEN + GIVEN_BACK ? "nack" : "ack";
      setTimeout(() => {
        note(what === "ack" ? "acks" : "nacks", seq);
        asked.push({ what, seq });
        // who is gone is known where it is read from
        say(`${what} ${GROUP} ${TOPIC} ${seq}\n`).catch(() => {});
      }, random() * WORK_MS);
    };
    let subscribed = false;
    for await (const line of linesOf(socket)) {
      const batch = /^batch \S+ (\d+) \d+ (.*)$/.exec(line.text);
      if (batch !== null) {
        const first = Number(/seq=(\d+)/.exec(batch[2]!)![1]);
        const attempt = Number(/attempt=(\d+)/.exec(batch[2]!)?.[1] ?? 1);
        for (let at = 0; at < Number(batch[1]); at++) {
          const payload = await line.payload();
          note("got", first + at, attempt);
          settle(first + at, payload);
        }
        continue;
      }
      const ok = /^ok (\d+)/.exec(line.text);
      if (ok !== null) {
        let count = Number(ok[1]);
        if (!subscribed) count--;
        subscribed = true;
        for (; count > 0; count--) {
          const { what, seq } = asked.shift()!;
          if (what === "ack") note("acked", seq);
        }
      } else if (line.text.startsWith("err ")) {
        if (!line.text.startsWith("err NOT_HELD ")) throw new Error(line.text);
        note("refused", asked.shift()!.seq);
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) {
      throw error;
    }
  } finally {
    note("lost", 0);
    socket.close();
  }
}

interface Line {
  readonly text: string;
  /** Of a batch: the payload of the next of its messages. */
  payload(): Promise<string>;
}

/** The lines that come, to the end. */
async function* linesOf(socket: Deno.TcpConn): AsyncGenerator<Line> {
  let text = "";
  const buffer = new Uint8Array(16 * 1024);
  let ended = false;
  const line = async (): Promise<string | undefined> => {
    for (;;) {
      const lf = text.indexOf("\n");
      if (lf >= 0) {
        const found = text.slice(0, lf);
        text = text.slice(lf + 1);
        return found;
      }
      const got = ended ? null : await socket.read(buffer);
      if (got === null) {
        ended = true;
        return undefined;
      }
      text += decoder.decode(buffer.subarray(0, got), { stream: true });
    }
  };
  const payload = async (): Promise<string> => {
    await line();
    return await line() ?? "";
  };
  for (let next = await line(); next !== undefined; next = await line()) {
    yield { text: next, payload };
  }
}
