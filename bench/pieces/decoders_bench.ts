/**
 * The decoders on a read of 256 KiB full of messages of 128 B. Divide by the messages in it (some 1,700) for the time of one.
 *
 * @module
 */
import { PIECES } from "./ratio.ts";

for (const name of ["classic decoder", "frame decoder"]) {
  const piece = await PIECES[name]!();
  Deno.bench({ name: `${name}, 256 KiB of 128 B`, group: "decoders", fn: () => void piece.pass() });
}
