/**
 * The fields of a publish that say for how long, and when, it is worth delivering.
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

/** Where a field lies: its name from `key` to `equals`, its value from behind that to `end`. */
interface Field {
  readonly key: number;
  readonly equals: number;
  readonly end: number;
}

/** Whether {@link TimeFields.take} has to be asked: nothing is made for other fields, which most are. */
export function mayBeTime(buffer: Uint8Array, key: number, equals: number): boolean {
  switch (equals - key) {
    case TTL.length:
      return buffer[key] === TTL[0];
    case DELAY.length:
      return buffer[key] === DELAY[0];
    case AT.length:
      return buffer[key] === AT[0];
    default:
      return false;
  }
}

/** `ttl=` (V10), `delay=` and `at=` (D9) of one header, as they are found. */
export class TimeFields {
  ttl: number | undefined = undefined;
  delay: Delay | undefined = undefined;
  /** Why {@link take} said no, as a clause. */
  problem = "";

  /** Another header begins. */
  begin(): void {
    this.ttl = this.delay = undefined;
  }

  /** Takes a field, if it is one of these; false: it is not as it has to be. */
  take(buffer: Uint8Array, { key, equals, end }: Field): boolean {
    const length = equals - key;
    if (length === TTL.length && isName(buffer, key, TTL)) {
      this.ttl = readTtl(buffer, equals + 1, end);
      return this.#is(this.ttl !== undefined, TTL_PROBLEM);
    }
    const after = length === DELAY.length && isName(buffer, key, DELAY);
    if (!after && !(length === AT.length && isName(buffer, key, AT))) return true;
    if (this.delay !== undefined) return this.#is(false, DELAY_TWICE_PROBLEM);
    this.delay = (after ? readDelay : readAt)(buffer, equals + 1, end);
    return this.#is(this.delay !== undefined, after ? DELAY_PROBLEM : AT_PROBLEM);
  }

  #is(right: boolean, problem: string): boolean {
    this.problem = right ? "" : problem;
    return right;
  }
}

const TTL = [0x74, 0x74, 0x6c];
const DELAY = [0x64, 0x65, 0x6c, 0x61, 0x79];
const AT = [0x61, 0x74];

function isName(buffer: Uint8Array, at: number, name: readonly number[]): boolean {
  for (let place = 0; place < name.length; place++) if (buffer[at + place] !== name[place]) return false;
  return true;
}
