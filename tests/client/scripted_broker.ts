/**
 * A broker that does what a test tells it to, connection by connection.
 *
 * @module
 */
import { RawClient } from "../support/raw_client.ts";

/** A running one. `await using` ends it, and throws what a script has thrown. */
export interface ScriptedBroker extends AsyncDisposable {
  readonly port: number;
}

/**
 * Runs the script for each connection; `number` counts them from 1. When it returns, the connection is
 * closed.
 */
export function startScriptedBroker(
  script: (conn: RawClient, number: number) => Promise<void>,
): ScriptedBroker {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<RawClient>();
  const running: Promise<void>[] = [];
  let ending = false;

  const serve = async (conn: RawClient, number: number): Promise<void> => {
    try {
      await script(conn, number);
    } catch (error) {
      if (!ending && !(error instanceof Deno.errors.ConnectionReset)) throw error;
    } finally {
      if (open.delete(conn)) conn.close();
    }
  };
  const accepting = (async () => {
    let number = 0;
    for await (const conn of listener) {
      const client = new RawClient(conn);
      open.add(client);
      running.push(serve(client, ++number));
    }
  })();
  return {
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      ending = true;
      listener.close();
      for (const conn of open) conn.close();
      open.clear();
      await Promise.all([accepting, ...running]);
    },
  };
}

/** Answers hello as a v2 broker does. */
export async function acceptHello(conn: RawClient, info = "{}"): Promise<void> {
  const hello = await conn.line();
  if (!/^\S+ hello 2$/.test(hello ?? "")) throw new Error(`hello 2 was expected, ${hello} came`);
  await conn.send(`OK_2\ninfo ${info}\n`);
}
