/**
 * Topic bytes to strings.
 *
 * @module
 */

const SLOTS = 256;
/** Topics of more bytes are not remembered: few brokers take them, and the memory is to stay small. */
const KEPT_MOST = 1024;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Topic bytes to the string readers see (with its `#`). Most deliveries name a topic that came shortly
 * before, and comparing its bytes costs a fraction of decoding them.
 */
export class TopicNames {
  readonly #bytes = new Array<Uint8Array | undefined>(SLOTS);
  readonly #names = new Array<string>(SLOTS);

  of(bytes: Uint8Array): string {
    const { length } = bytes;
    const slot = (length * 31 + (bytes[length - 1] ?? 0) * 7 + (bytes[length >> 1] ?? 0)) % SLOTS;
    const known = this.#bytes[slot];
    if (known !== undefined && same(known, bytes)) return this.#names[slot] ?? "";
    const text = decoder.decode(bytes);
    const name = text.startsWith("#") ? text : `#${text}`;
    if (length <= KEPT_MOST) {
      this.#bytes[slot] = bytes.slice();
      this.#names[slot] = name;
    }
    return name;
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = one.length - 1; at >= 0; at--) if (one[at] !== other[at]) return false;
  return true;
}
