/**
 * Ports.
 *
 * @module
 */

/**
 * A port of 127.0.0.1 that was free a moment ago, for what has to be told its port; everything else takes
 * port 0.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
