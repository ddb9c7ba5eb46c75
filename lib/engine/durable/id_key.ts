/**
 * What an id is looked for by: one object for all of them, so that none is made for an id.
 *
 * @module
 */
import { factorOf, mixed } from "../../topics/mixing.ts";
import { encodeText } from "../../wire/bytes.ts";

const FNV_OFFSET = 0x811c9dc5;
/** What stands behind a prefix: which block of numbers it is, 10^15 of them at most. */
export const BLOCK_BYTES = 5;
const TWO_32 = 2 ** 32;

/**
 * A topic, an id's text or prefix and a block of numbers, as bytes and a hash by a factor that no peer can
 * guess. The hash is that of all of them; the bytes are those of the text, and of the block behind it.
 */
export class IdKey {
  /** The bytes asked for: from 0 to {@link length}. */
  bytes = new Uint8Array(512);
  length = 0;
  hash = 0;
  readonly #factor: number;
  #topic = "";
  #topicBytes: Uint8Array = new Uint8Array(0);
  #topicHash = FNV_OFFSET;
  #textLength = 0;
  #textHash = 0;

  constructor(seed: number) {
    this.#factor = factorOf(seed);
  }

  get topic(): string {
    return this.#topic;
  }
  /** The topic, to be looked for itself. */
  get topicBytes(): Uint8Array {
    return this.#topicBytes;
  }
  get topicHash(): number {
    return this.#topicHash;
  }

  /** What is asked for from now on is of this topic. */
  ofTopic(topic: string): void {
    if (topic === this.#topic) return;
    const bytes = encodeText(topic);
    let hash = FNV_OFFSET;
    for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, this.#factor);
    this.#topic = topic;
    this.#topicBytes = bytes;
    this.#topicHash = mixed(hash, 0);
  }

  /** An id without a number, or what stands before one: a character a byte. */
  ofText(text: string): void {
    const { length } = text;
    if (length + BLOCK_BYTES > this.bytes.length) this.bytes = new Uint8Array(2 * (length + BLOCK_BYTES));
    const { bytes } = this;
    const factor = this.#factor;
    let hash = this.#topicHash;
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at);
      bytes[at] = code;
      hash = Math.imul(hash ^ code, factor);
    }
    this.#textLength = length;
    this.#textHash = hash;
  }

  /** The text by itself is asked for. */
  whole(): void {
    this.length = this.#textLength;
    this.hash = mixed(this.#textHash, 0);
  }

  /** A block of the numbers behind the text is, of blocks of one size. */
  block(block: number, level: number): void {
    const low = block >>> 0;
    const high = block / TWO_32 & 0xff;
    const { bytes } = this;
    const at = this.#textLength;
    bytes[at] = low;
    bytes[at + 1] = low >>> 8;
    bytes[at + 2] = low >>> 16;
    bytes[at + 3] = low >>> 24;
    bytes[at + 4] = high;
    this.length = at + BLOCK_BYTES;
    this.hash = mixed(Math.imul(Math.imul(this.#textHash ^ low, this.#factor) ^ high, this.#factor), level);
  }
}
