/**
 * Counts what tells one publisher of a crowd that its messages were taken, every byte of it.
 *
 * @module
 */
import type { Dialect, Replies } from "../dialects/mod.ts";
import { FormReader } from "../form.ts";
import { LATER, type Source } from "../sockets/socket.ts";

/** Bytes of a read. */
const READ_BYTES = 16 * 1024;

/** The answers on one connection. What is none ends the run: {@link Tally.read} throws. */
export class Tally {
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #form: FormReader | null;
  readonly #same: Uint8Array;
  /** Bytes of a form that are not yet whole. */
  #filled = 0;
  #messages = 0;
  /** Bytes of an answer that has come in part. */
  #part = 0;

  /** `interjection`: what may stand between answers unasked. */
  constructor(replies: Replies, interjection: Uint8Array<ArrayBuffer> | null) {
    const read = replies.kind === "form" ? replies.parts : interjection === null ? null : [replies.bytes];
    this.#form = read === null ? null : new FormReader(read, interjection);
    this.#same = replies.kind === "each" ? replies.bytes : new Uint8Array(0);
  }

  /** Messages that were answered. */
  get messages(): number {
    return this.#form?.messages ?? this.#messages;
  }

  /** Reads once. Returns what {@link Source.read} does. */
  read(source: Source): number {
    const got = source.read(this.#filled === 0 ? this.#buffer : this.#buffer.subarray(this.#filled));
    if (got === 0 || got === LATER) return got;
    if (this.#form === null) this.#compare(got);
    else this.#read(this.#form, this.#filled + got);
    return got;
  }

  #read(form: FormReader, filled: number): void {
    const taken = form.take(this.#buffer, filled);
    if (form.problem !== null) throw new Error(form.problem);
    if (taken > 0) this.#buffer.copyWithin(0, taken, filled);
    this.#filled = filled - taken;
  }

  #compare(got: number): void {
    const same = this.#same;
    let part = this.#part;
    for (let at = 0; at < got; at++) {
      if (this.#buffer[at] !== same[part]) {
        const shown = new TextDecoder().decode(this.#buffer.subarray(at, Math.min(got, at + 60)));
        throw new Error(
          `expected ${JSON.stringify(new TextDecoder().decode(same))}, got ${JSON.stringify(shown)}`,
        );
      }
      if (++part === same.length) {
        part = 0;
        this.#messages++;
      }
    }
    this.#part = part;
  }
}

/** The answers of a publisher whose topic has so many subscribers; `null` where publishes are not answered. */
export function tallyOf(
  dialect: Dialect,
  { publisher, subscribers }: { readonly publisher: number; readonly subscribers: number },
): Tally | null {
  const replies = dialect.replies(subscribers, publisher);
  return replies === null ? null : new Tally(replies, dialect.interjection);
}
