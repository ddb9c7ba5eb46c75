/**
 * A client of a TLS port for tests: `Deno.startTls`, which is not what the broker speaks it with.
 *
 * @module
 */
import { RawClient } from "./raw_client.ts";

/** Connects and shakes hands. */
export async function connectTls(port: number, issuer: string, name = "localhost"): Promise<RawClient> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  const tls = await Deno.startTls(connection, { hostname: name, caCerts: [issuer] });
  try {
    await tls.handshake();
  } catch (error) {
    tls.close();
    throw error;
  }
  return new RawClient(tls);
}
