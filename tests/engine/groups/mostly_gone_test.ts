import { assert } from "@std/assert";
import { isMostlyGone } from "../../../lib/engine/groups/mostly_gone.ts";

Deno.test("a list is cut before it is much longer than what is left of it, and not for a few", () => {
  for (const all of [0, 10, 40, 63]) assert(!isMostlyGone(all, all), `${all}`);
  for (const left of [0, 1, 100, 10_000]) {
    let gone = 0;
    while (!isMostlyGone(gone, gone + left)) gone++;
    assert(gone > left / 2 && gone > 50 && gone < 2 * left + 100, `${gone} of ${gone + left}`);
  }
});
