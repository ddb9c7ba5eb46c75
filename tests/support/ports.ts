/**
 * Ports.
 *
 * @module
 */

/** Below those that a system gives to who connects, or asks for any: nobody else has them by chance. */
const FROM = 10_000;
const TO = 32_000;

/**
 * A port of 127.0.0.1 that was free a moment ago, for what has to be told its port; everything else takes
 * port 0. It stays free while nobody listens there, so that a broker that was killed can come again.
 */
export function freePort(): number {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    try {
      using _listener = Deno.listen({ hostname: "127.0.0.1", port });
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
