/**
 * What a header says of time: for how long its message is worth delivering, and from when on.
 *
 * @module
 */
import {
  AT_PROBLEM,
  type Delay,
  DELAY_PROBLEM,
  DELAY_TWICE_PROBLEM,
  readAt,
  readDelay,
} from "../../wire/delay.ts";
import { TTL_PROBLEM } from "../../wire/fields.ts";
import { readTtl } from "../../wire/record_fields.ts";

/** A field whose value begins behind `equals`; `first`: it is the first of these in its header. */
interface TimedField {
  readonly equals: number;
  readonly end: number;
  readonly first: boolean;
}

/** What the names end with; `delay` ends with neither. */
const TTL_END = 0x6c;
const AT_END = 0x74;

/** `ttl=` (V10), `delay=` and `at=` (D9) of one header, as they are found. */
export class TimedFields {
  ttl: number | undefined = undefined;
  delay: Delay | undefined = undefined;

  /** Takes one of these; what is wrong with it, as a clause, or undefined. */
  take(buffer: Uint8Array, { equals, end, first }: TimedField): string | undefined {
    if (first) this.ttl = this.delay = undefined;
    const name = buffer[equals - 1];
    if (name === TTL_END) {
      this.ttl = readTtl(buffer, equals + 1, end);
      return this.ttl === undefined ? TTL_PROBLEM : undefined;
    }
    if (this.delay !== undefined) return DELAY_TWICE_PROBLEM;
    this.delay = (name === AT_END ? readAt : readDelay)(buffer, equals + 1, end);
    if (this.delay !== undefined) return undefined;
    return name === AT_END ? AT_PROBLEM : DELAY_PROBLEM;
  }
}
