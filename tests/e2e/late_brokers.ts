/** Brokers that do not answer, or only when they are told to. */
import { assertEquals } from "@std/assert";
import { acceptHello, startScriptedBroker } from "../client/scripted_broker.ts";

/** Something that takes connections on a port and never answers: `nc -lk` without a person at it. */
export function startSilent(): { readonly port: number; readonly until: Promise<void> } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heard = Promise.withResolvers<void>();
  const connections: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      connections.push(connection);
      void hear(connection, heard.resolve);
    }
  })();
  return {
    port: listener.addr.port,
    until: heard.promise,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      for (const connection of connections) connection.close();
      await accepting;
    },
  };
}

/** Reads to the end, and tells the first message. */
async function hear(connection: Deno.Conn, heard: () => void): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let read = await connection.read(buffer); read !== null; read = await connection.read(buffer)) {
      if (new TextDecoder().decode(buffer.subarray(0, read)).includes("pub #")) heard();
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource || error instanceof Deno.errors.ConnectionReset)) {
      // closed by the end of the test
      if (!(error instanceof Deno.errors.Interrupted)) throw error;
    }
  }
}

/** A v2 broker that acknowledges so many messages when it is told to; `asked` resolves when they have come. */
export function startHesitant(
  messages: number,
): { readonly port: number; readonly asked: Promise<void>; answer(): void } & AsyncDisposable {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const broker = startScriptedBroker(async (conn) => {
    await acceptHello(conn);
    await conn.lines(2 * messages);
    asked.resolve();
    await answer.promise;
    await conn.send(`ok ${messages} level=memory subs=0\n`);
    assertEquals(await conn.line(), "quit");
    await conn.send("bye QUIT\n");
  });
  return {
    port: broker.port,
    asked: asked.promise,
    answer: answer.resolve,
    [Symbol.asyncDispose]: () => {
      answer.resolve();
      return broker[Symbol.asyncDispose]();
    },
  };
}
