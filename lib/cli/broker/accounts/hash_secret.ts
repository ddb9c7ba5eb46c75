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
  return await hashSecret(await secretFrom(input));
}

/** The secret that is typed, twice alike, or the line that comes. Rejects with RunError. */
export async function secretFrom(input: SecretInput): Promise<string> {
  if (!input.isTerminal()) return await piped(input);
  const first = checked(await typed(input, "secret: "));
  if (await typed(input, "once more: ") === first) return first;
  throw new RunError("the two are not the same: nothing was hashed");
}

/** What is typed to the end of a line, without showing it. */
async function typed(input: SecretInput, prompt: string): Promise<string> {
  writeError(prompt);
  input.setRaw(true);
  const line = await hiddenLine(input);
  // also for who leaves: a shell would not show what is typed
  input.setRaw(false);
  writeError("\n");
  if (line === undefined) Deno.exit(INTERRUPTED);
  return decoded(line);
}

/** Its bytes; undefined: Ctrl-C came. */
async function hiddenLine(input: SecretInput): Promise<readonly number[] | undefined> {
  const bytes: number[] = [];
  // byte by byte: what is behind the line is the next one's
  const buffer = new Uint8Array(1);
  while (await input.read(buffer) !== null) {
    const [byte = LF] = buffer;
    if (byte === CTRL_C) return undefined;
    if (byte === CR || byte === LF || (byte === CTRL_D && bytes.length === 0)) break;
    if (byte === BACKSPACE || byte === DELETE) dropLast(bytes);
    else if (byte !== CTRL_D) bytes.push(byte);
  }
  return bytes;
}

/** The last character, of however many bytes of UTF-8. */
function dropLast(bytes: number[]): void {
  while (((bytes.pop() ?? 0) & 0xc0) === 0x80);
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
