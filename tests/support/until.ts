/**
 * Waiting for what nobody tells of: it is looked at again and again, and given up by name.
 *
 * @module
 */
import { within } from "./within.ts";

/** Resolves when it is so. */
export async function until(what: string | (() => string), isSo: () => boolean): Promise<void> {
  let given = false;
  const coming = (async () => {
    while (!given && !isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
  })();
  await within(what, coming).finally(() => given = true);
}
