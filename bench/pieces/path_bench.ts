/**
 * A read of 256 KiB on its way from a publisher to a subscriber through the broker's server, without sockets.
 *
 * @module
 */
import { PIECES } from "./ratio.ts";

for (const name of ["classic path", "v2 path"]) {
  const piece = await PIECES[name]!();
  Deno.bench({
    name: `${name}, 256 KiB of 128 B`,
    group: "path",
    // an async function: of any other a promise is not awaited
    fn: async () => {
      await piece.pass();
    },
  });
}
