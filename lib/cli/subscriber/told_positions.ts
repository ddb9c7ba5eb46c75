/**
 * What a person is told about positions before they are asked for.
 *
 * @module
 */
import { type Position, ReadTime, secondsHint, type Start } from "../options/position.ts";

/** A command file may have any number of them. */
const TOLD_MOST = 100;

/** Says each thing once. `option` is how the position was written, up to it: `--from `, `from=`. */
export class ToldPositions {
  readonly #tell: (text: string) => void;
  readonly #told = new Set<string>();

  constructor(tell: (text: string) => void) {
    this.#tell = tell;
  }

  /** Which moment it is to begin with, where what is written leaves that open. */
  from(option: string, position: Start): void {
    if (position instanceof ReadTime) this.#once(`${option}${position.told}`);
  }

  /** As {@link from}; that a sequence number is none of seconds, too, for nobody else tells of an end. */
  to(option: string, position: Position): void {
    this.from(option, position);
    const hint = secondsHint(position);
    if (hint !== "") this.#once(`${option}${position} is a sequence number${hint}`);
  }

  #once(text: string): void {
    if (this.#told.has(text) || this.#told.size >= TOLD_MOST) return;
    this.#told.add(text);
    this.#tell(text);
  }
}
