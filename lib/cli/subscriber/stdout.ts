/**
 * Where messages are printed.
 *
 * @module
 */
import type { Prompt } from "../prompt/prompt.ts";
import type { OutputTarget } from "../output/output.ts";

/** Stdout, or the prompt on it while there is one. */
export class Stdout implements OutputTarget {
  prompt: Prompt | undefined;

  write(bytes: Uint8Array): Promise<number> {
    if (this.prompt !== undefined && Deno.stdout.isTerminal()) return this.prompt.write(bytes);
    return Deno.stdout.write(bytes);
  }
}
