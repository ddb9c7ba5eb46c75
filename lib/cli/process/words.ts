/**
 * The words of the command line.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { decodeText, quote } from "../../text.ts";
import { mayEverything } from "./environment.ts";

/** Stands for bytes that are no UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * `Deno.args`. Throws UsageError where Deno put U+FFFD in the place of bytes that are no UTF-8: what was
 * meant is lost, and must not be published. Where the bytes cannot be seen that character counts as such a
 * place. (An executable with such an argument is ended by the runtime before it begins.)
 */
export function commandLine(): readonly string[] {
  const broken = Deno.args.find((word) => word.includes(REPLACEMENT));
  if (broken === undefined || Deno.build.standalone) return Deno.args;
  const bytes = commandLineBytes();
  if (bytes !== undefined && decodeText(bytes) !== undefined) return Deno.args;
  const doubt = bytes === undefined ? ", or has U+FFFD in it, which looks the same" : "";
  throw new UsageError(
    `the argument ${quote(broken)} is not UTF-8${doubt}: what is no text comes from a file or from stdin`,
  );
}

/** The command line as it was given, where the system shows it and the program may see it. */
function commandLineBytes(): Uint8Array | undefined {
  if (Deno.build.os !== "linux" || !mayEverything()) return undefined;
  return Deno.readFileSync("/proc/self/cmdline");
}
