/**
 * Words as a shell has to be given them.
 *
 * @module
 */
import { visible } from "../../text.ts";

/** The word, in quotes where a shell would read it otherwise; control characters are made visible. */
export function shellWord(word: string): string {
  return /^[\w%+,./:@^-]+$|^[\w%+,./:@^-][\w%+,./:=@^-]*$/.test(word)
    ? word
    : `'${visible(word).replaceAll("'", "'\\''")}'`;
}
