/**
 * Ids for messages that have none, so that a broker knows what it is sent again.
 *
 * @module
 */
import { encodeText } from "../../wire/bytes.ts";
import { writeDecimal } from "../../wire/decimals.ts";

const DIGITS_MOST = 16;
/** Topics whose numbers are kept; beyond it all begin anew under another name. */
const TOPICS_MOST = 10_000;

/** The ids of one topic: they count up by one, which costs a broker next to nothing to remember. */
export class IdSeries {
  readonly #bytes: Uint8Array;
  readonly #start: number;
  #last = 0;

  constructor(name: string) {
    const prefix = encodeText(` id=${name}-`);
    this.#bytes = new Uint8Array(prefix.length + DIGITS_MOST);
    this.#bytes.set(prefix);
    this.#start = prefix.length;
  }

  /** The next one, as a field; good until the one after it. */
  next(): Uint8Array {
    const end = writeDecimal(this.#bytes, { at: this.#start, value: ++this.#last });
    return this.#bytes.subarray(0, end);
  }
}

/**
 * ` id=<this client>-<number>`, counted by topic: of one topic no other client has that, nor this one a
 * second time.
 */
export class MessageIds {
  readonly #client: string;
  readonly #pattern: RegExp;
  readonly #series = new Map<string, IdSeries>();
  #generation = 0;

  /** `client`: two numbers of 32 bits that nobody else has. */
  constructor([one, other]: readonly [number, number]) {
    this.#client = (one * 2 ** 21 + (other >>> 11)).toString(36);
    this.#pattern = new RegExp(`^ id=${this.#client}(?:\\.\\d+)?-\\d+$`);
  }

  /** The ids of a topic, by its canonical name. */
  of(topic: string): IdSeries {
    let series = this.#series.get(topic);
    if (series === undefined) {
      if (this.#series.size >= TOPICS_MOST) {
        this.#series.clear();
        this.#generation++;
      }
      series = new IdSeries(this.#generation === 0 ? this.#client : `${this.#client}.${this.#generation}`);
      this.#series.set(topic, series);
    }
    return series;
  }

  /** Whether these fields are an id from here and nothing else. */
  isOnly(fields: string): boolean {
    return this.#pattern.test(fields);
  }
}
