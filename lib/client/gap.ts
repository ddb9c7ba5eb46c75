/**
 * What a subscriber that wants to know is given in the place of messages that were left out.
 *
 * @module
 */

/** So many messages are missing here. */
export class Gap {
  readonly pattern: string;
  readonly missed: number;

  constructor(pattern: string, missed: number) {
    this.pattern = pattern;
    this.missed = missed;
  }
}
