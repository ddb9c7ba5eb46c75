/**
 * `--hash-secret`: a secret in, from the terminal or from stdin, and out what stands for it in a file of
 * accounts. It is never an argument: those can be seen by everybody on the machine.
 *
 * @module
 */
import { hashSecret, SECRET_BYTES_MOST } from "../../../auth/secrets.ts";
import { RunError } from "../../../errors.ts";
import { writeError } from "../../output/stdio.ts";

/** The exit code of who is stopped by Ctrl-C. */
const INTERRUPTED = 130;
const [CTRL_C, CTRL_D, BACKSPACE, LF, CR, DELETE] = [3, 4, 8, 10, 13, 127];

/** Where a secret is typed, or comes from. */
export interface SecretInput {
  read(into: Uint8Array): Promise<number | null>;
  isTerminal(): boolean;
  setRaw(raw: boolean): void;
}

/** Reads a secret and gives what stands for it. Rejects with RunError. */
export async function secretToHash(input: SecretInput = Deno.stdin): Promise<string> {
  return await hashSecret(input.isTerminal() ? await typedTwice(input) : await piped(input));
}

async function typedTwice(input: SecretInput): Promise<string> {
  const first = await typed(input, "secret: ");
  const second = await typed(input, "once more: ");
  if (first !== second) throw new RunError("the two are not the same: nothing was hashed");
  return checked(first);
}

/** What is typed to the end of a line, without showing it. */
async function typed(input: SecretInput, prompt: string): Promise<string> {
  const bytes: number[] = [];
  writeError(prompt);
  input.setRaw(true);
  try {
    const buffer = new Uint8Array(256);
    for (;;) {
      const count = await input.read(buffer);
      for (const byte of buffer.subarray(0, count ?? 0)) {
        if (byte === CR || byte === LF) return decoded(bytes);
        if (byte === CTRL_C) Deno.exit(INTERRUPTED);
        if (byte === BACKSPACE || byte === DELETE) dropLast(bytes);
        else if (byte !== CTRL_D) bytes.push(byte);
        else if (bytes.length === 0) return "";
      }
      if (count === null) return decoded(bytes);
    }
  } finally {
    input.setRaw(false);
    writeError("\n");
  }
}

/** The last character, of however many bytes of UTF-8. */
function dropLast(bytes: number[]): void {
  while (bytes.length > 0 && (bytes.pop()! & 0xc0) === 0x80);
}

async function piped(input: SecretInput): Promise<string> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(4096);
  for (let count = await input.read(buffer); count !== null; count = await input.read(buffer)) {
    bytes.push(...buffer.subarray(0, count));
    if (bytes.length > SECRET_BYTES_MOST + 2) break;
  }
  const text = decoded(bytes).replace(/\r?\n$/, "");
  if (text.includes("\n")) throw new RunError("a secret is one line, stdin has more");
  return checked(text);
}

function checked(secret: string): string {
  if (secret === "") throw new RunError("there is no secret: type one, or send it to stdin");
  if (new TextEncoder().encode(secret).length > SECRET_BYTES_MOST) {
    throw new RunError(`a secret has at most ${SECRET_BYTES_MOST} bytes, this one has more`);
  }
  if (/\p{Cc}/u.test(secret)) throw new RunError("a secret has no control characters, this one has");
  return secret;
}

function decoded(bytes: readonly number[]): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch (error) {
    if (error instanceof TypeError) throw new RunError("the secret is not UTF-8");
    throw error;
  }
}
