/**
 * Words as a shell has to be given them.
 *
 * @module
 */
import { visible } from "../../text.ts";

/** The word, in quotes where a shell would read it otherwise; control characters are made visible. */
export function shellWord(word: string): string {
  // a leading = is a command's path to zsh
  return /^[\w%+,./:@-][\w%+,./:=@-]*$/.test(word) ? word : `'${visible(word).replaceAll("'", "'\\''")}'`;
}
