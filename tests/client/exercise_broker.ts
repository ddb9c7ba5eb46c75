/**
 * A broker as the exercise's are: one read is one request, the answer is `OK` whatever was asked, and a
 * publish goes to whoever said `sub`. No limits, no patterns, no errors, no `quit`.
 *
 * @module
 */
import { within } from "../support/within.ts";

/** How this one differs from the plainest. */
export interface ExerciseOptions {
  /** What ends replies and deliveries: many of these brokers end them with nothing. */
  readonly ending?: "\n" | "";
  /** Connections a port serves at once; one more is closed as soon as it is accepted. */
  readonly clients?: number;
  /** What is answered, instead of `OK`, to a request; undefined closes the connection without an answer. */
  readonly answer?: (request: string, count: number) => string | undefined;
  /**
   * What it makes of `hello`, which it does not know (`OK`): an answer, sent as it is with the ending;
   * `closes` hangs up; `is silent`, but takes what follows; `is stuck` for good on that connection; `dies`
   * and listens no more.
   */
  readonly hello?: { readonly says: string } | "closes" | "is silent" | "is stuck" | "dies";
  readonly pubPort?: number;
  readonly subPort?: number;
}

/** A running one. */
export interface ExerciseBroker extends AsyncDisposable {
  readonly pubPort: number;
  readonly subPort: number;
  /** What each read on any connection gave, in order, but for hellos. */
  readonly reads: readonly string[];
  /** How often it was said hello to. */
  readonly hellos: number;
  /** Sends as it is to every subscriber's connection. */
  send(text: string): Promise<void>;
  /** Cuts every connection and goes on listening. */
  cut(): void;
  /** Resolves as soon as the reads fulfil the condition. */
  until(condition: (reads: readonly string[]) => boolean): Promise<void>;
}

/** Starts one on free ports. */
export function startExerciseBroker(options: ExerciseOptions = {}): ExerciseBroker {
  const { ending = "\n", clients = Infinity, answer = (): string => "OK", hello = { says: "OK" } } = options;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const reads: string[] = [];
  const open = new Set<Deno.TcpConn>();
  const subscribers = new Map<Deno.TcpConn, Set<string>>();
  const watchers = new Set<() => void>();
  const running: Promise<void>[] = [];
  let hellos = 0;

  /** False: nothing more is read here. */
  const greeted = async (conn: Deno.TcpConn): Promise<boolean> => {
    hellos++;
    if (typeof hello === "object") await conn.write(encoder.encode(hello.says + ending));
    if (hello === "dies") {
      for (const listener of listeners) listener.close();
      for (const each of open) close(each);
    }
    if (hello === "is stuck") { while (await conn.read(new Uint8Array(64)) !== null); }
    return typeof hello === "object" || hello === "is silent";
  };
  const serve = async (conn: Deno.TcpConn): Promise<void> => {
    const buffer = new Uint8Array(1024);
    try {
      for (let count; (count = await conn.read(buffer)) !== null;) {
        const request = decoder.decode(buffer.subarray(0, count));
        if (/^\S+ hello 2\n$/.test(request)) {
          if (await greeted(conn)) continue;
          break;
        }
        reads.push(request);
        const reply = answer(request, reads.length);
        if (reply === undefined) break;
        const [, verb, topic = "", ...words] = request.trimEnd().split(" ");
        if (verb === "sub") subscribers.set(conn, (subscribers.get(conn) ?? new Set()).add(topic));
        if (verb === "unsub") subscribers.get(conn)?.delete(topic);
        if (verb === "pub") {
          for (const [other, topics] of subscribers) {
            if (topics.has(topic)) {
              await other.write(encoder.encode(`${topic} ${words.join(" ")}${ending}`));
            }
          }
        }
        await conn.write(encoder.encode(reply + ending));
        for (const look of watchers) look();
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
    } finally {
      for (const look of watchers) look();
      open.delete(conn);
      subscribers.delete(conn);
      close(conn);
    }
  };
  const listen = (port: number): Deno.TcpListener => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port });
    let here = 0;
    const accept = async (): Promise<void> => {
      for await (const conn of listener) {
        if (here >= clients) {
          conn.close();
          continue;
        }
        here++;
        open.add(conn);
        running.push(serve(conn).finally(() => here--));
      }
    };
    running.push(accept());
    return listener;
  };
  const listeners = [listen(options.pubPort ?? 0), listen(options.subPort ?? 0)];
  const [pubPort = 0, subPort = 0] = listeners.map((listener) => listener.addr.port);

  return {
    pubPort,
    subPort,
    reads,
    get hellos(): number {
      return hellos;
    },
    send: async (text) => {
      for (const conn of subscribers.keys()) await conn.write(encoder.encode(text));
    },
    cut: () => {
      for (const conn of open) close(conn);
    },
    until: (condition) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        if (condition(reads)) resolve();
      };
      watchers.add(look);
      look();
      return within(() => `what is awaited behind ${JSON.stringify(reads.slice(-10))}`, promise)
        .finally(() => watchers.delete(look));
    },
    [Symbol.asyncDispose]: async () => {
      if (hello !== "dies" || hellos === 0) { for (const listener of listeners) listener.close(); }
      for (const conn of open) close(conn);
      await Promise.all(running);
    },
  };
}

function close(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already, by cut or by its own loop
  }
}

function isEnd(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}
