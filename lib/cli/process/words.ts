/**
 * The words of the command line.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";

/** Stands for bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * `Deno.args`. Throws UsageError where Deno put U+FFFD in the place of bytes that are no UTF-8: what was
 * meant is lost, and must not be published. Where the system does not show the bytes, that character counts
 * as such a place. (An executable with such an argument is ended by the runtime before it begins.)
 */
export function commandLine(): readonly string[] {
  const broken = Deno.args.find((word) => word.includes(REPLACEMENT));
  if (broken === undefined || Deno.build.standalone || isShownAsText()) return Deno.args;
  throw new UsageError(
    `the argument ${quote(broken)} is not UTF-8: what is no text comes from a file or from stdin`,
  );
}

/** Whether the system shows the command line as bytes, and they are UTF-8. */
function isShownAsText(): boolean {
  try {
    const bytes = Deno.readFileSync("/proc/self/cmdline");
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    // another system, fewer rights, or bytes that are no UTF-8: the same answer for each
    return false;
  }
}
